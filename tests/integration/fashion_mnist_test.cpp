// SPDX-License-Identifier: Apache-2.0
// Experiments of the project on a cut of the real images.
#include <gmock/gmock.h>

#include "data/idx_file.h"
#include "host/data/data_files.h"
#include "run_contents.h"
#include "workshop.h"

namespace kith::integration {
namespace {

namespace fs = std::filesystem;
using testing::ContainsRegex;

const fs::path kFashionMnist = "/usr/share/datasets/fashion-mnist";

/// The first `count` images, or labels, of an IDX file.
void cut(const std::string& name, std::uint32_t count, const fs::path& folder) {
  const auto file = kFashionMnist / (name + ".gz");
  const auto header = host::read_idx_header(file);
  auto values = host::read_idx_values(file);
  std::vector<std::uint32_t> extents(header.extents.begin(), header.extents.end());
  values.resize(values.size() / extents[0] * count);
  extents[0] = count;
  host::test::write_file(folder / name, host::test::idx_bytes(extents, values));
}

class FashionMnistTest : public Workshop {
 protected:
  void SetUp() override {
    if (!fs::is_directory(kFashionMnist)) GTEST_SKIP() << "no " << kFashionMnist;
    for (const char* kind : {"images-idx3-ubyte", "labels-idx1-ubyte"}) {
      cut(std::string("train-") + kind, 2000, data_);
      cut(std::string("t10k-") + kind, 500, data_);
    }
  }
  /// Runs an experiment of the project on the cut.
  Outcome start(const std::string& file, const std::vector<std::string>& set) const {
    std::vector<std::string> arguments{"run",
                                       (fs::path(KITH_SOURCE_DIR) / "experiments" / file).string(),
                                       "--set", "data.path=" + data_.string()};
    for (const auto& each : set) {
      arguments.emplace_back("--set");
      arguments.push_back(each);
    }
    return kith(arguments);
  }
  /// SimSiam's small experiment with smaller steps: 28 an epoch.
  Outcome simsiam(const std::string& ablation, int epochs) const {
    return start("simsiam/fashion_mnist.toml",
                 {ablation, "train.epochs=" + std::to_string(epochs), "train.batch_size=64",
                  "train.tensor_threads=1", "schedule.warmup_epochs=0"});
  }

 private:
  fs::path data_ = folder() / "data";
};

TEST_F(FashionMnistTest, QuickStartRunsOnACutAndItsRawPixelsScoreAsReckonedElsewhere) {
  const auto outcome = start("quickstart/experiment.toml", {"train.epochs=2"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  ASSERT_EQ(made_runs().size(), 1U);
  std::map<std::string, double> results;
  for (const auto& line : read_log(made_runs()[0]))
    if (line.contains("metric")) results[line["metric"]] = line["value"];
  const auto correct = [&](const std::string& row) {
    return 500 * results.at("knn/test/" + row + "/top1");
  };
  // By numpy 2.4 in float64 on the same 2,000 and 500 images: cosine, 20 neighbours weighted with
  // exp(similarity / 0.07). One image more or less: float32 may order near-equal votes otherwise.
  EXPECT_NEAR(correct("pixels/plain"), 392, 1);
  EXPECT_NEAR(correct("pixels/centred"), 415, 1);
  EXPECT_GT(correct("trained/plain"), 250);  // 50 of 500 by chance
}

// The ablations of SimSiam's paper that collapse (Sec. 4.1 and 4.2), and the same run with neither.
TEST_F(FashionMnistTest, SimSiamWithoutStopGradientCollapsesAndIsToldOf) {
  const auto outcome = simsiam("method.stop_gradient=false", 8);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, ContainsRegex("collapse: after step 200 all images have nearly the same "
                                         "rows: the rows 'prediction' that enter the loss "
                                         "org.kith.negative_cosine deviate by 0.0[0-9]+ / "));
}

TEST_F(FashionMnistTest, SimSiamWithoutPredictorCollapsesToALineAndIsToldOf) {
  const auto outcome = simsiam("method.predictor=false", 18);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, ContainsRegex("collapse: from step [0-9]+ to step [0-9]+ the images' "
                                         "rows differ along little more than a line"));
}

TEST_F(FashionMnistTest, SimSiamAsItIsTellsNothing) {
  const auto outcome = simsiam("method.predictor=true", 18);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
}

}  // namespace
}  // namespace kith::integration
