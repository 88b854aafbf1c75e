// SPDX-License-Identifier: Apache-2.0
// The quick start's own experiment on a cut of the real images.
#include <gmock/gmock.h>

#include "data/idx_file.h"
#include "host/data/data_files.h"
#include "run_contents.h"
#include "workshop.h"

namespace kith::integration {
namespace {

namespace fs = std::filesystem;

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

using FashionMnistTest = Workshop;

TEST_F(FashionMnistTest, QuickStartRunsOnACutAndItsRawPixelsScoreAsReckonedElsewhere) {
  if (!fs::is_directory(kFashionMnist)) GTEST_SKIP() << "no " << kFashionMnist;
  const auto data = folder() / "data";
  for (const char* kind : {"images-idx3-ubyte", "labels-idx1-ubyte"}) {
    cut(std::string("train-") + kind, 2000, data);
    cut(std::string("t10k-") + kind, 500, data);
  }
  const auto outcome =
      kith({"run", (fs::path(KITH_SOURCE_DIR) / "experiments/quickstart/experiment.toml").string(),
            "--set", "data.path=" + data.string(), "--set", "train.epochs=2"});
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

}  // namespace
}  // namespace kith::integration
