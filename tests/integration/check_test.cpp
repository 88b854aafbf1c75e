// SPDX-License-Identifier: Apache-2.0
// `kith check`: what would run, without running it.
#include <gmock/gmock.h>

#include <chrono>

#include "small_data.h"
#include "workshop.h"

namespace kith::integration {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

class CheckTest : public Workshop {};

TEST_F(CheckTest, PrintsSettingsPluginsNetworksShapesStepsAndBytes) {
  write_idx_data(folder() / "data");
  const auto outcome = kith({"check", experiment(kSmallExperiment)});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  for (const char* text : {"temperature = 0.1", "keep_checkpoints = 2", "shapes\n", "steps\n",
                           "295 images", "25 images", "80 images", "val is held out of train",
                           "4 x 9 = 36", "[32, 1, 12, 12]", "[32, 64]", "encoder.layers.0.weight",
                           "small: one step on zeros went through; this experiment can run\n"})
    EXPECT_THAT(outcome.out, HasSubstr(text));
  EXPECT_THAT(outcome.out, ContainsRegex("org.kith.nt_xent +0.1.0 +/"));
  // By hand: 1*8*9 + 2*8 of the first layer, 8*16*9 + 2*16 of the second.
  EXPECT_THAT(outcome.out, ContainsRegex("  encoder +1272\n"));
  // By hand: 64*16 and 16*8 weights, 2*16 and 8 of the norms.
  EXPECT_THAT(outcome.out, ContainsRegex("  method +1192\n"));
  // 400 images of 64 float32.
  EXPECT_THAT(outcome.out, ContainsRegex("features in run.h5 +102.4 kB\n"));
  EXPECT_TRUE(made_runs().empty());
}

TEST_F(CheckTest, TestThatIsNotReadIsNotCounted) {
  write_idx_data(folder() / "data");
  const auto outcome =
      kith({"check", experiment(kSmallExperiment), "--set", "data.read_test=false"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("80 images, not read\n"));
  // 320 images of 64 float32.
  EXPECT_THAT(outcome.out, ContainsRegex("features in run.h5 +81.9 kB\n"));
}

TEST_F(CheckTest, FindsWhatARunWouldFind) {
  write_idx_data(folder() / "data");
  const auto outcome =
      kith({"check", experiment(kSmallExperiment), "--set", "train.batch_size=3200"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("train.batch_size: the batch is larger than the data set"));
  EXPECT_EQ(outcome.out, "");
}

TEST_F(CheckTest, ResNet50At224PixelsIsCheckedWithoutWork) {
  write_image_folder(folder() / "pictures", 20, 256, ".jpg");
  const auto file = experiment(R"(name = "resnet50"
[data]
reader = "image_folder"
path = "pictures"
[encoder]
plugin = "resnet"
depth = "50"
[method]
plugin = "simclr"
[[views]]
count = 2
size = 224
augment = [{ plugin = "random_resized_crop" }, { plugin = "flip", probability = 0.5 }]
[train]
epochs = 100
batch_size = 32
[optimizer]
kind = "sgd"
base_lr = 0.1
)");
  EXPECT_EQ(kith({"check", file}).code, 0);  // tries the plugins, which is done once
  const auto start = std::chrono::steady_clock::now();
  const auto outcome = kith({"check", file});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("kith check of ResNet-50 at 224 px took %.2f s\n", took.count());
  RecordProperty("check_ms", static_cast<int>(1e3 * took.count()));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              ContainsRegex("  encoder +23508032\n"));  // torchvision's resnet50 without fc
  EXPECT_THAT(outcome.out, HasSubstr("[32, 3, 224, 224]"));
  EXPECT_THAT(outcome.out, HasSubstr("[32, 2048]"));
}

}  // namespace
}  // namespace kith::integration
