// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kith/error.hpp>
#include <kith/harness.hpp>

namespace kith {
namespace {

using harness::EncoderHarness;
using harness::Mode;
using Shape = std::vector<std::int64_t>;

harness::Values grey_images(std::int64_t n, std::int64_t side) {
  return {{n, 1, side, side}, std::vector<double>(static_cast<std::size_t>(n * side * side), 0.5)};
}

TEST(ConvNetTest, HasTheMapAndItsPooledGridAsFeatures) {
  EncoderHarness encoder("convnet", {.channels = 1, .height = 28, .width = 28});
  const auto out = encoder.run(grey_images(2, 28), Mode::kEvaluation);
  EXPECT_EQ(out.at("map").shape, (Shape{2, 128, 4, 4}));  // strides 2, 1, 2, 1, 2, 1 on 28 px
  EXPECT_EQ(out.at("features").shape, (Shape{2, 128 * 2 * 2}));
}

TEST(ConvNetTest, TakesItsWidthsFromTheExperiment) {
  EncoderHarness encoder(R"(plugin = "convnet", widths = [3, 5], strides = [2, 2], grid = 1)",
                         {.channels = 1, .height = 8, .width = 8});
  EXPECT_EQ(encoder.run(grey_images(2, 8), Mode::kEvaluation).at("features").shape, (Shape{2, 5}));
  EXPECT_EQ(encoder.get("layers.0.weight").shape, (Shape{3, 1, 5, 5}));
  EXPECT_EQ(encoder.get("layers.3.weight").shape, (Shape{5, 3, 3, 3}));
}

TEST(ConvNetTest, RefusesWidthsAndStridesOfDifferentLengths) {
  try {
    EncoderHarness encoder(R"(plugin = "convnet", widths = [3, 5], strides = [2])");
    FAIL() << "nothing was thrown";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("equally long, got 2 and 1"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace kith
