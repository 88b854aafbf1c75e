// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

#include "shipped_augmentation.h"
#include "single_augmentation.h"

namespace kith::testing {
namespace {

using host::Arithmetic;
using host::ViewPipeline;
using host::ViewSpec;

using ::testing::HasSubstr;

constexpr ViewSpec kWideColour{.height = 20, .width = 30, .channels = 3};

DrawnFields square(double top, double left, double side) {
  return {{"top", top}, {"left", left}, {"side", side}};
}

/// The picture with a square of one level, pixel by pixel.
std::vector<std::uint8_t> painted(std::vector<std::uint8_t> picture, const ViewSpec& spec, int top,
                                  int left, int side, std::uint8_t level) {
  for (int y = 0; y < spec.height; ++y)
    for (int x = 0; x < spec.width; ++x)
      if (y >= top && y < top + side && x >= left && x < left + side)
        for (int c = 0; c < spec.channels; ++c)
          picture[static_cast<std::size_t>((y * spec.width + x) * spec.channels + c)] = level;
  return picture;
}

TEST(CutoutTest, PaintsTheSquareAndNothingElse) {
  const ViewPipeline pipeline = alone("cutout", {{"fill", {99.6}}}, kWideColour);  // rounds to 100
  const auto picture = noise(20, 30, 3);
  EXPECT_EQ(replay(pipeline, picture, square(3, 5, 10)),
            painted(picture, kWideColour, 3, 5, 10, 100));
  EXPECT_EQ(replay(pipeline, picture, square(-4, 25, 9)),
            painted(picture, kWideColour, -4, 25, 9, 100));
  EXPECT_EQ(replay(pipeline, picture, square(16, -6, 9)),
            painted(picture, kWideColour, 16, -6, 9, 100));
  EXPECT_EQ(replay(pipeline, picture, square(7, 7, 0)), picture);
  EXPECT_EQ(replay(pipeline, picture, square(-9, -9, 60)),
            std::vector<std::uint8_t>(picture.size(), 100));
}

TEST(CutoutTest, PaintsGreyPicturesAndShareOfWhiteInFloat) {
  const ViewSpec spec{.height = 8, .width = 8, .channels = 1, .arithmetic = Arithmetic::kFloat};
  const std::vector<std::uint8_t> black(64, 0);
  const auto made = replay_values(alone("cutout", {}, spec), black, square(2, 4, 4));
  for (std::size_t y = 0; y < 8; ++y)
    for (std::size_t x = 0; x < 8; ++x)
      EXPECT_FLOAT_EQ(made[y * 8 + x], y >= 2 && y < 6 && x >= 4 ? 128.0F / 255 : 0.0F);
}

TEST(CutoutTest, DrawsCentresUniformlyOverTheViewAndSidesInTheirRange) {
  const int count = 20000;
  const auto rows = draw_many(alone("cutout", {{"size", {0.2, 0.5}}}, kWideColour), 20, 30, count);
  std::vector<int> at_row(20), at_column(30);
  std::set<double> sides;
  for (const auto& row : rows) {
    const double half = std::floor(row[2] / 2);
    ++at_row.at(static_cast<std::size_t>(row[0] + half));
    ++at_column.at(static_cast<std::size_t>(row[1] + half));
    sides.insert(row[2]);
  }
  EXPECT_EQ(sides, (std::set<double>{4, 5, 6, 7, 8, 9, 10}));
  // 5 standard deviations of a count: sqrt(n p (1 - p)).
  for (const int times : at_row) EXPECT_NEAR(times, count / 20.0, 155);
  for (const int times : at_column) EXPECT_NEAR(times, count / 30.0, 128);
}

TEST(CutoutTest, TakesHalfOfTheShorterSideByDefault) {
  for (const auto& row : draw_many(alone("cutout", {}, kWideColour), 20, 30, 50))
    EXPECT_EQ(row[2], 10);
}

TEST(CutoutTest, RefusesAFallingRange) {
  EXPECT_THAT(message_of([] { load_augmentation("cutout", {{"size", {0.5, 0.2}}}); }),
              HasSubstr("cutout: size must be [smallest, largest], got [0.5"));
}

}  // namespace
}  // namespace kith::testing
