// SPDX-License-Identifier: Apache-2.0
#include "augment/geometry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <kith/error.hpp>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "augment/view_pipeline.h"
#include "small_augmentations.h"

namespace kith::host {
namespace {

using kith::testing::Add;
using kith::testing::AnyGeometry;
using kith::testing::make_small;
using kith::testing::Mirror;
using kith::testing::Quarter;
using kith::testing::QuarterTurn;

std::vector<std::uint8_t> numbered(int height, int width) {
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < height * width; ++i) pixels.push_back(static_cast<std::uint8_t>(i * 7 % 256));
  return pixels;
}

std::vector<std::uint8_t> make(const std::vector<AugmentationUse>& list, const ViewSpec& spec,
                               const std::vector<std::uint8_t>& pixels, int height, int width) {
  const ViewPipeline pipeline(list, spec);
  DrawnView drawn(list.size(), {.applied = true, .values = {}});
  for (std::size_t i = 0; i < list.size(); ++i)
    drawn[i].values.assign(list[i].augmentation->fields().size(), 0.0);
  ViewScratch scratch;
  std::vector<std::uint8_t> out(spec.floats());
  pipeline.replay_levels({pixels.data(), height, width, spec.channels}, drawn, out.data(), scratch);
  return out;
}

AugmentationUse any(void (*change)(Geometry&)) {
  AnyGeometry::change = change;
  return {make_small<AnyGeometry>("any"), 1};
}

/// Counter-clockwise: what was on the right comes to the top.
std::vector<std::uint8_t> turned(const std::vector<std::uint8_t>& in, int size) {
  std::vector<std::uint8_t> out;
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x)
      out.push_back(in[static_cast<std::size_t>(x * size + size - 1 - y)]);
  return out;
}

TEST(GeometryTest, TakesTheQuarterOfAQuarterExactly) {
  const auto pixels = numbered(16, 16);
  const auto out =
      make({{make_small<Quarter>("quarter"), 1}, any([](Geometry& step) {
              step.box_top = 1, step.box_height = 4, step.box_width = 4;
              step.out_height = 4, step.out_width = 4;
            })},
           {.height = 8, .width = 8, .channels = 1, .resize_filter = ResizeFilter::kBilinear},
           pixels, 16, 16);
  EXPECT_EQ(out.size(), 64U);
  // A crop, then the fit to the view: the same as that crop alone, enlarged.
  const auto direct = make({any([](Geometry& step) {
                             step.box_top = 1, step.box_height = 4, step.box_width = 4;
                             step.out_height = 8, step.out_width = 8;
                           })},
                           {.height = 8, .width = 8, .channels = 1}, pixels, 16, 16);
  EXPECT_EQ(out, direct);
}

TEST(GeometryTest, MirrorsACropAsItMirrorsThePicture) {
  const auto pixels = numbered(12, 12);
  const ViewSpec spec{.height = 6, .width = 6, .channels = 1};
  auto expected = make({{make_small<Quarter>("quarter"), 1}}, spec, pixels, 12, 12);
  for (int y = 0; y < 6; ++y)
    std::reverse(expected.begin() + y * 6, expected.begin() + (y + 1) * 6);
  EXPECT_EQ(make({{make_small<Quarter>("quarter"), 1}, {make_small<Mirror>("mirror"), 1}}, spec,
                 pixels, 12, 12),
            expected);
}

TEST(GeometryTest, CropsBehindAMirrorFromTheOtherSide) {
  const auto pixels = numbered(4, 4);
  const auto out = make({{make_small<Mirror>("mirror"), 1}, {make_small<Quarter>("quarter"), 1}},
                        {.height = 2, .width = 2, .channels = 1}, pixels, 4, 4);
  EXPECT_THAT(out, ::testing::ElementsAre(pixels[3], pixels[2], pixels[7], pixels[6]));
}

TEST(GeometryTest, TurnsByRightAnglesWithoutLoss) {
  const auto pixels = numbered(9, 9);
  const ViewSpec spec{.height = 9, .width = 9, .channels = 1};
  const AugmentationUse turn{make_small<QuarterTurn>("turn"), 1};
  EXPECT_EQ(make({turn}, spec, pixels, 9, 9), turned(pixels, 9));
  EXPECT_EQ(make({turn, turn, turn, turn}, spec, pixels, 9, 9), pixels);
}

TEST(GeometryTest, TurnsAFinishedViewAsItTurnsAtTheHeadOfTheList) {
  const auto pixels = numbered(9, 9);
  const ViewSpec spec{.height = 9, .width = 9, .channels = 1};
  const AugmentationUse turn{make_small<QuarterTurn>("turn"), 1};
  const AugmentationUse nothing{make_small<Add>("add"), 1};
  EXPECT_EQ(make({nothing, turn}, spec, pixels, 9, 9), turned(pixels, 9));
}

TEST(GeometryTest, TurnsBeforeACropAsBehindIt) {
  // The quarter of the turned picture is the turned upper right quarter: right becomes top, its top
  // the left.
  const auto pixels = numbered(8, 8);
  const auto out = make({{make_small<QuarterTurn>("turn"), 1}, {make_small<Quarter>("quarter"), 1}},
                        {.height = 4, .width = 4, .channels = 1}, pixels, 8, 8);
  const auto whole = turned(pixels, 8);
  for (std::size_t y = 0; y < 4; ++y)
    for (std::size_t x = 0; x < 4; ++x)
      EXPECT_EQ(out[y * 4 + x], whole[y * 8 + x]) << y << " " << x;
}

TEST(GeometryTest, FillsWhatATurnBringsInFromOutside) {
  const std::vector<std::uint8_t> white(32 * 32, 255);
  const auto out = make({any([](Geometry& step) { step.angle = 45, step.fill = 10; })},
                        {.height = 32, .width = 32, .channels = 1}, white, 32, 32);
  EXPECT_EQ(out[0], 10);
  EXPECT_EQ(out[31], 10);
  EXPECT_EQ(out[16 * 32 + 16], 255);
}

// A plane wave survives a turn where the filter does not reach the picture's edge: bilinear error
// below 1 / 2 level.
TEST(GeometryTest, TurnsCounterClockwiseAboutTheCentre) {
  std::vector<std::uint8_t> slope;
  for (int y = 0; y < 64; ++y)
    for (int x = 0; x < 64; ++x) slope.push_back(static_cast<std::uint8_t>(3 * x + 20));
  const auto out = make({any([](Geometry& step) { step.angle = 30; })},
                        {.height = 64, .width = 64, .channels = 1}, slope, 64, 64);
  const double c = std::cos(std::numbers::pi / 6), s = std::sin(std::numbers::pi / 6);
  for (int y = 20; y < 44; ++y)
    for (int x = 20; x < 44; ++x) {
      const double from = 31.5 + c * (x - 31.5) - s * (y - 31.5);
      EXPECT_NEAR(out[static_cast<std::size_t>(y * 64 + x)], 3 * from + 20, 0.51);
    }
}

AugmentationUse quarter_turns(int count) {
  switch (count) {
    case 1:
      return any([](Geometry& step) { step.quarter_turns = 1; });
    case 2:
      return any([](Geometry& step) { step.quarter_turns = 2; });
    default:
      return any([](Geometry& step) { step.quarter_turns = 3; });
  }
}

/// Counter-clockwise, of any shape and channels: row y of the result is column width - 1 - y.
std::vector<std::uint8_t> turned(const std::vector<std::uint8_t>& in, int height, int width,
                                 int channels) {
  std::vector<std::uint8_t> out;
  for (int y = 0; y < width; ++y)
    for (int x = 0; x < height; ++x)
      for (int c = 0; c < channels; ++c)
        out.push_back(in[static_cast<std::size_t>((x * width + width - 1 - y) * channels + c)]);
  return out;
}

TEST(GeometryTest, MakesQuarterTurnsOfAnyShapeWithoutLoss) {
  for (const int channels : {1, 3}) {
    const int height = 20, width = 37;  // more than one square of the transposition
    const auto pixels = numbered(height, width * channels);
    auto wanted = pixels;
    int h = height, w = width;
    for (int count = 1; count < 4; ++count) {
      wanted = turned(wanted, h, w, channels);
      std::swap(h, w);
      EXPECT_EQ(make({quarter_turns(count)}, {.height = h, .width = w, .channels = channels},
                     pixels, height, width),
                wanted)
          << count << " " << channels;
    }
  }
}

TEST(GeometryTest, MakesQuarterTurnsOfAFinishedViewAndInFloat) {
  const auto pixels = numbered(9, 9);
  const AugmentationUse nothing{make_small<Add>("add"), 1};
  auto wanted = pixels;
  for (int count = 1; count < 4; ++count) {
    wanted = turned(wanted, 9);
    EXPECT_EQ(make({nothing, quarter_turns(count)}, {.height = 9, .width = 9, .channels = 1},
                   pixels, 9, 9),
              wanted);
    const ViewPipeline pipeline(
        {quarter_turns(count)},
        {.height = 9, .width = 9, .channels = 1, .arithmetic = Arithmetic::kFloat});
    ViewScratch scratch;
    std::vector<float> out(81);
    pipeline.replay({pixels.data(), 9, 9, 1}, {{.applied = true, .values = {}}}, out.data(),
                    scratch);
    for (std::size_t i = 0; i < 81; ++i)
      EXPECT_FLOAT_EQ(out[i], static_cast<float>(wanted[i]) / 255.0F);
  }
}

// A crop with a resize, of which the turn sees no pixel beyond the edge.
TEST(GeometryTest, MakesAQuarterTurnBehindACropOfThatCropAlone) {
  const auto pixels = numbered(24, 40);
  const ViewSpec spec{.height = 8, .width = 8, .channels = 1};
  const AugmentationUse crop{make_small<Quarter>("quarter"), 1};
  EXPECT_EQ(make({crop, quarter_turns(1)}, spec, pixels, 24, 40),
            turned(make({crop}, spec, pixels, 24, 40), 8));
}

TEST(GeometryTest, CropsAndMirrorsBehindAQuarterTurnWhatItTurned) {
  const auto pixels = numbered(8, 12);
  const AugmentationUse crop{make_small<Quarter>("quarter"), 1};
  const AugmentationUse mirror{make_small<Mirror>("mirror"), 1};
  const auto out = make({quarter_turns(3), mirror, crop}, {.height = 6, .width = 4, .channels = 1},
                        pixels, 8, 12);
  // Clockwise: pixel (y, x) is (7 - x, y) of the picture; mirrored: (x, y).
  for (std::size_t y = 0; y < 6; ++y)
    for (std::size_t x = 0; x < 4; ++x) EXPECT_EQ(out[y * 4 + x], pixels[x * 12 + y]);
}

TEST(GeometryTest, AddsAQuarterTurnToAnAngle) {
  const auto pixels = numbered(31, 31);
  const ViewSpec spec{.height = 31, .width = 31, .channels = 1};
  const auto direct =
      make({any([](Geometry& step) { step.angle = 120, step.fill = 99; })}, spec, pixels, 31, 31);
  EXPECT_EQ(
      make({any([](Geometry& step) { step.quarter_turns = 1, step.angle = 30, step.fill = 99; })},
           spec, pixels, 31, 31),
      direct);
}

TEST(GeometryTest, KeepsTheFillOfAStepThatTurned) {
  GeometryComposer composer;
  composer.start(32, 32);
  kith_geometry turn = composer.neutral_step(32, 32);
  turn.angle = 45, turn.fill = 10;
  composer.add(turn, "turn");
  composer.add(composer.neutral_step(32, 32), "nothing");
  kith_geometry more = composer.neutral_step(32, 32);
  more.angle = 90;
  composer.add(more, "more");
  EXPECT_EQ(composer.plan().fill, 10);
  composer.start(32, 32);
  EXPECT_EQ(composer.neutral_step(32, 32).fill, 0);
}

TEST(GeometryTest, RefusesQuarterTurnsThatItDoesNotKnowOrThatChangeAFinishedView) {
  const auto pixels = numbered(8, 6);
  const auto message = [&](const std::vector<AugmentationUse>& list) -> std::string {
    try {
      make(list, {.height = 8, .width = 6, .channels = 1}, pixels, 8, 6);
    } catch (const PluginError& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(message({any([](Geometry& step) { step.quarter_turns = 4; })}),
            "any: quarter_turns must be 0, 1, 2 or 3, got 4");
  EXPECT_EQ(message({{make_small<Add>("add"), 1}, quarter_turns(1)}),
            "any: makes a quarter turn of a view of 8 x 6 px, which must come before any pixel, "
            "filter or image augmentation; move it up");
}

TEST(GeometryTest, RefusesABoxThatLeavesTheImage) {
  const auto pixels = numbered(8, 8);
  try {
    make({any([](Geometry& step) { step.box_left = 1; })}, {.height = 8, .width = 8, .channels = 1},
         pixels, 8, 8);
    FAIL() << "not refused";
  } catch (const PluginError& e) {
    EXPECT_THAT(e.what(), ::testing::HasSubstr(
                              "any: the box must lie inside the image of 8 x 8 px, got top 0"));
  }
}

// What is not the head of the list sees the view that the augmentations before it made.
TEST(GeometryTest, CropsBehindAPixelAugmentationTheViewAsItIs) {
  const auto pixels = numbered(24, 24);
  const AugmentationUse crop{make_small<Quarter>("quarter"), 1};
  const AugmentationUse add{make_small<Add>("add"), 1};
  const AugmentationUse box = any([](Geometry& step) {
    step.box_top = 1.5, step.box_left = 2, step.box_height = 4, step.box_width = 5;
    step.flip_horizontal = 1;
  });
  for (const int channels : {1, 3}) {
    const ViewSpec spec{.height = 8, .width = 8, .channels = channels};
    const auto view = make({crop, add}, spec, pixels, 24, 24 / channels);
    EXPECT_EQ(make({crop, add, box}, spec, pixels, 24, 24 / channels),
              make({box}, spec, view, 8, 8));
    EXPECT_NE(make({crop, add, box}, spec, pixels, 24, 24 / channels), view);
  }
}

TEST(GeometryTest, CropsBehindAPixelAugmentationInFloatsAsAtTheHead) {
  const auto pixels = numbered(6, 27);
  const ViewSpec spec{.height = 6, .width = 9, .channels = 3, .arithmetic = Arithmetic::kFloat};
  const AugmentationUse box = any([](Geometry& step) {
    step.box_top = 0.5, step.box_left = 1, step.box_height = 4, step.box_width = 6.5;
  });
  const AugmentationUse add{make_small<Add>("add"), 1};
  const auto view = [&](const std::vector<AugmentationUse>& list, const DrawnView& drawn) {
    ViewScratch scratch;
    std::vector<float> out(spec.floats());
    ViewPipeline(list, spec).replay({pixels.data(), 6, 9, 3}, drawn, out.data(), scratch);
    return out;
  };
  const DrawnAugmentation nothing{.applied = true, .values = {0.0}},
      boxed{.applied = true, .values = {}};
  const auto late = view({add, box}, {nothing, boxed}), head = view({box}, {boxed});
  // Divided by 255 before the sum or after it: two roundings of numbers below 1.
  for (std::size_t i = 0; i < head.size(); ++i) EXPECT_NEAR(late[i], head[i], 2.4e-7) << i;
  EXPECT_GT(head[0], 0);
}

TEST(GeometryTest, RefusesOfAFinishedViewAnotherSizeAndABoxThatIsTurned) {
  const auto pixels = numbered(8, 8);
  const auto message = [&](const AugmentationUse& late) -> std::string {
    try {
      make({{make_small<Add>("add"), 1}, late}, {.height = 8, .width = 8, .channels = 1}, pixels, 8,
           8);
    } catch (const PluginError& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(message(any([](Geometry& step) { step.box_width = 4, step.out_width = 4; })),
            "any: makes 8 x 4 px of a view of 8 x 8 px, which must come before any pixel, filter "
            "or image augmentation; move it up");
  EXPECT_EQ(message(any([](Geometry& step) { step.box_width = 4, step.angle = 10; })),
            "any: takes a box of the view and turns it, which must come before any pixel, filter "
            "or image augmentation; move it up");
}

}  // namespace
}  // namespace kith::host
