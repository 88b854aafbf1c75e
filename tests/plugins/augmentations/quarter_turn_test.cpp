// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "shipped_augmentation.h"
#include "single_augmentation.h"

namespace kith::testing {
namespace {

using host::ViewPipeline;
using host::ViewSpec;

TEST(QuarterTurnTest, DrawsEachDirectionEquallyOften) {
  const ViewSpec spec{.height = 16, .width = 16, .channels = 3};
  std::vector<int> times(4);
  for (const auto& row : draw_many(alone("quarter_turn", {}, spec), 16, 16, 8000))
    ++times.at(static_cast<std::size_t>(row[0]));
  for (const int count : times) EXPECT_NEAR(count, 2000, 194);  // 5 standard deviations
}

TEST(QuarterTurnTest, MakesHalfTurnsAloneOfAPictureThatIsNotSquare) {
  const ViewSpec spec{.height = 16, .width = 20, .channels = 3};
  std::set<double> turns;
  for (const auto& row : draw_many(alone("quarter_turn", {}, spec), 16, 20, 100))
    turns.insert(row[0]);
  EXPECT_EQ(turns, (std::set<double>{0, 2}));
}

/// The upper left colour of a picture of four colours goes round counter-clockwise.
TEST(QuarterTurnTest, TurnsCounterClockwise) {
  const ViewSpec spec{.height = 2, .width = 2, .channels = 3};
  const std::vector<std::uint8_t> a = {1, 2, 3}, b = {4, 5, 6}, c = {7, 8, 9}, d = {10, 11, 12};
  const auto picture_of = [](const std::vector<std::vector<std::uint8_t>>& colours) {
    std::vector<std::uint8_t> pixels;
    for (const auto& colour : colours) pixels.insert(pixels.end(), colour.begin(), colour.end());
    return pixels;
  };
  const auto picture = picture_of({a, b, c, d});
  const ViewPipeline pipeline = alone("quarter_turn", {}, spec);
  EXPECT_EQ(replay(pipeline, picture, {{"turns", 0}}), picture);
  EXPECT_EQ(replay(pipeline, picture, {{"turns", 1}}), picture_of({b, d, a, c}));
  EXPECT_EQ(replay(pipeline, picture, {{"turns", 2}}), picture_of({d, c, b, a}));
  EXPECT_EQ(replay(pipeline, picture, {{"turns", 3}}), picture_of({c, a, d, b}));
}

/// Behind a crop with a resize and in front of colours a turned view is the view, turned.
TEST(QuarterTurnTest, IsExactBehindACrop) {
  const ViewSpec spec{.height = 24, .width = 24, .channels = 3};
  const auto picture = noise(50, 70, 3);
  const ViewPipeline pipeline({{load_augmentation("random_resized_crop"), 1},
                               {load_augmentation("quarter_turn"), 1},
                               {load_augmentation("solarise"), 1}},
                              spec);
  const DrawnFields box = {{"top", 3}, {"left", 11}, {"height", 41}, {"width", 33}};
  std::vector<std::vector<std::uint8_t>> views;
  for (const double turns : {0, 1, 2, 3}) {
    host::ViewScratch scratch;
    views.emplace_back(spec.floats());
    pipeline.replay_levels({picture.data(), 50, 70, 3},
                           drawn_of(pipeline, {box, {{"turns", turns}}, {}}), views.back().data(),
                           scratch);
  }
  const ViewPipeline turn = alone("quarter_turn", {}, spec);
  for (std::size_t turns = 1; turns < 4; ++turns)
    EXPECT_EQ(replay(turn, views[0], {{"turns", static_cast<double>(turns)}}), views[turns]);
}

}  // namespace
}  // namespace kith::testing
