// SPDX-License-Identifier: Apache-2.0
// What decides the numbers of a run, and what does not.
#include <gmock/gmock.h>

#include "run_contents.h"
#include "small_data.h"
#include "workshop.h"

namespace kith::integration {
namespace {

class SameNumbersTest : public Workshop {
 protected:
  SameNumbersTest() { write_idx_data(folder() / "data"); }

  /// A run with so many loader threads, whatever this machine has.
  std::filesystem::path run_with_loaders(const std::string& text, int threads) {
    preload(environment, std::string(KITH_INTEGRATION_PLUGINS) + "/eight_cores.so");
    const auto made = run(text, {"--set", "train.loader_threads=" + std::to_string(threads)});
    EXPECT_THAT(read_text(made / "resolved.toml"),
                testing::HasSubstr("loader_threads = " + std::to_string(threads)));
    return made;
  }
};

TEST_F(SameNumbersTest, SameSeedGivesTheSameRunToTheBit) {
  expect_equal_runs(run(kSmallExperiment), run(kSmallExperiment));
}

TEST_F(SameNumbersTest, OtherSeedGivesOtherTensors) {
  const auto one = read_tensors(newest_checkpoint(run(kSmallExperiment)));
  const auto two = read_tensors(newest_checkpoint(run(kSmallExperiment, {"--set", "seed=2"})));
  for (const char* name : {"encoder.layers.0.weight", "method.projector.0.weight"}) {
    ASSERT_TRUE(one.contains(name));
    EXPECT_NE(one.at(name), two.at(name)) << name;
  }
}

TEST_F(SameNumbersTest, OneAndThreeLoaderThreadsGiveTheSameRun) {
  expect_equal_runs(run_with_loaders(kSmallExperiment, 3), run_with_loaders(kSmallExperiment, 1));
}

/// The small experiment with a method that sees one view of each image.
std::string of_one_view(const std::string& method) {
  const auto text = replaced(kSmallExperiment,
                             "plugin = \"simclr\"\nhead_width = 16\nembedding_width = 8", method);
  return replaced(text, "count = 2", "count = 1");
}

TEST_F(SameNumbersTest, OneAndThreeLoaderThreadsGiveTheSameRunOfAMethodThatTakesIndices) {
  const auto text = of_one_view("plugin = \"instdisc\"\nnegatives = 64\nembedding_width = 8");
  expect_equal_runs(run_with_loaders(text, 3), run_with_loaders(text, 1));
}

TEST_F(SameNumbersTest, OneAndThreeLoaderThreadsGiveTheSameRunOfAMethodThatTakesLabels) {
  const auto text = of_one_view("plugin = \"supervised\"");
  expect_equal_runs(run_with_loaders(text, 3), run_with_loaders(text, 1));
}

TEST_F(SameNumbersTest, OneAndThreeLoaderThreadsGiveTheSameRunOnAFolderOfImages) {
  write_image_folder(folder() / "pictures", 24, 16);
  auto text = replaced(kSmallExperiment, "reader = \"idx\"\npath = \"data\"",
                       "reader = \"image_folder\"\npath = \"pictures\"");
  text = replaced(text, "batch_size = 32", "batch_size = 8");
  text = replaced(
      text, "    { plugin = \"flip\", probability = 0.5 },\n",
      "    { plugin = \"flip\", probability = 0.5 },\n    { plugin = \"colour_jitter\", brightness "
      "= 0.4, "
      "contrast = 0.4, saturation = 0.4, hue = 0.1 },\n    { plugin = \"gaussian_blur\" },\n");
  expect_equal_runs(run_with_loaders(text, 3), run_with_loaders(text, 1));
}

}  // namespace
}  // namespace kith::integration
