// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic tensorflow, beyond the golden values of single operations: chains, edges and refusals.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "shipped_augmentation.h"
#include "single_augmentation.h"

namespace kith::testing {
namespace {

using host::Arithmetic;
using host::ViewPipeline;
using host::ViewSpec;

using Pixel = std::array<double, 3>;

constexpr ViewSpec kColour{
    .height = 64, .width = 48, .channels = 3, .arithmetic = Arithmetic::kTensorflow};
constexpr ViewSpec kGrey{
    .height = 64, .width = 48, .channels = 1, .arithmetic = Arithmetic::kTensorflow};

/// (H in turns, S, V), as textbooks have it.
Pixel to_hsv(const Pixel& p) {
  const double v = std::max({p[0], p[1], p[2]}), chroma = v - std::min({p[0], p[1], p[2]});
  if (chroma == 0) return {0, 0, v};
  double sixths = 0;
  if (v == p[0]) {
    sixths = std::fmod((p[1] - p[2]) / chroma + 6, 6);
  } else if (v == p[1]) {
    sixths = (p[2] - p[0]) / chroma + 2;
  } else {
    sixths = (p[0] - p[1]) / chroma + 4;
  }
  return {sixths / 6, chroma / v, v};
}

Pixel from_hsv(const Pixel& hsv) {
  const double sixths = hsv[0] * 6, v = hsv[2];
  const int sixth = static_cast<int>(sixths) % 6;
  const double f = sixths - std::floor(sixths);
  const double p = v * (1 - hsv[1]), q = v * (1 - hsv[1] * f), t = v * (1 - hsv[1] * (1 - f));
  const std::array<Pixel, 6> colours = {
      {{v, t, p}, {q, v, p}, {p, v, t}, {p, q, v}, {t, p, v}, {v, p, q}}};
  return colours[static_cast<std::size_t>(sixth)];
}

/// SimCLR's color_jitter: the operation, then a clip to [0, 1]. 0 brightness, 1 contrast, 2
/// saturation, 3 hue.
void jitter_reference(std::vector<Pixel>& pixels, int operation, double amount) {
  Pixel mean{};
  for (const Pixel& p : pixels)
    for (std::size_t c = 0; c < 3; ++c) mean[c] += p[c] / static_cast<double>(pixels.size());
  for (Pixel& p : pixels) {
    if (operation >= 2) {
      Pixel hsv = to_hsv(p);
      if (operation == 2) hsv[1] = std::min(hsv[1] * amount, 1.0);
      if (operation == 3) hsv[0] = hsv[0] + amount - std::floor(hsv[0] + amount);
      p = from_hsv(hsv);
    }
    for (std::size_t c = 0; c < 3; ++c) {
      if (operation == 0) p[c] *= amount;
      if (operation == 1) p[c] = (p[c] - mean[c]) * amount + mean[c];
      p[c] = std::clamp(p[c], 0.0, 1.0);
    }
  }
}

TEST(TensorflowJitterTest, ChainsFourOperationsInAnyOrder) {
  const ViewPipeline pipeline = alone(
      "colour_jitter",
      {{"brightness", {0.8}}, {"contrast", {0.8}}, {"saturation", {0.8}}, {"hue", {0.2}}}, kColour);
  const auto picture = noise(64, 48, 3);
  for (std::uint64_t sample = 0; sample < 40; ++sample) {
    const DrawKey key{.seed = 1, .sample = sample};
    const std::vector<double> drawn = pipeline.draw(64, 48, key)[0].values;
    std::vector<Pixel> wanted(kColour.pixels());
    for (std::size_t i = 0; i < wanted.size(); ++i)
      for (std::size_t c = 0; c < 3; ++c) wanted[i][c] = picture[i * 3 + c] / 255.0;
    for (std::size_t i = 4; i < 8; ++i)
      jitter_reference(wanted, static_cast<int>(drawn[i]),
                       drawn[static_cast<std::size_t>(drawn[i])]);
    std::vector<float> made(kColour.floats());
    host::ViewScratch scratch;
    pipeline.run({picture.data(), 64, 48, 3}, key, made.data(), scratch);
    // float32, each operation times a factor of at most 1.8, hue times 6.
    for (std::size_t i = 0; i < wanted.size(); ++i)
      for (std::size_t c = 0; c < 3; ++c)
        ASSERT_NEAR(made[c * kColour.pixels() + i], wanted[i][c], 1e-5) << sample << " " << i;
  }
}

TEST(TensorflowJitterTest, TakesTheMeanOfTheOneChannelOfAGreyPicture) {
  const ViewPipeline pipeline = alone("colour_jitter", {{"contrast", {0.8}}}, kGrey);
  std::vector<std::uint8_t> picture(64 * 48, 51);  // 0.2; half of it 0.6, so that the mean is 0.4
  std::fill(picture.begin(), picture.begin() + 64 * 24, std::uint8_t{153});
  const auto made = replay_values(pipeline, picture,
                                  {{"brightness", 1},
                                   {"contrast", 0.5},
                                   {"saturation", 1},
                                   {"hue", 0},
                                   {"first", 0},
                                   {"second", 1},
                                   {"third", 2},
                                   {"fourth", 3}});
  EXPECT_NEAR(made.front(), 0.5, 1e-6);
  EXPECT_NEAR(made.back(), 0.3, 1e-6);
}

TEST(ColourJitterTest, AddsBrightnessOnRequest) {
  const Settings settings = {{"brightness", {0.8}}, {"brightness_form", {"add"}}};
  const ViewPipeline pipeline = alone("colour_jitter", settings, kGrey);
  double smallest = 1, largest = -1;
  for (const auto& row : draw_many(pipeline, 64, 48, 1000)) {
    smallest = std::min(smallest, row[0]);
    largest = std::max(largest, row[0]);
  }
  EXPECT_NEAR(smallest, -0.8, 0.01);
  EXPECT_NEAR(largest, 0.8, 0.01);
  ViewSpec levels = kGrey;
  levels.arithmetic = Arithmetic::kPillow8;
  std::vector<std::uint8_t> picture(64 * 48, 0);
  picture[0] = 100, picture[1] = 250, picture[2] = 3;
  const DrawnFields unchanged = {{"contrast", 1}, {"saturation", 1}, {"hue", 0},   {"first", 0},
                                 {"second", 1},   {"third", 2},      {"fourth", 3}};
  const auto with = [&](double brightness) {
    DrawnFields fields = unchanged;
    fields.push_back({"brightness", brightness});
    return fields;
  };
  const ViewPipeline rounded = alone("colour_jitter", settings, levels);
  const auto brighter = replay(rounded, picture, with(0.1));  // 25.5 levels, truncated
  EXPECT_EQ(brighter[0], 125);
  EXPECT_EQ(brighter[1], 255);
  const auto darker = replay(rounded, picture, with(-0.1));
  EXPECT_EQ(darker[0], 74);
  EXPECT_EQ(darker[2], 0);
  EXPECT_NEAR(replay_values(pipeline, picture, with(0.1))[0], 100 / 255.0 + 0.1, 1e-6);
  EXPECT_EQ(replay(rounded, picture, with(0)), picture);
}

TEST(ColourJitterTest, RefusesARangeOfFactorsForAddedBrightness) {
  EXPECT_EQ(message_of([] {
              load_augmentation("colour_jitter",
                                {{"brightness_form", {"add"}}, {"brightness_range", {0.5, 1.5}}});
            }),
            "colour_jitter: brightness_range has factors, which brightness_form = \"add\" does not "
            "use; give brightness");
}

/// White and black columns, enlarged with the cubic filter, which overshoots.
std::vector<float> enlarged(Arithmetic arithmetic, bool normalised) {
  std::vector<host::AugmentationUse> list = {
      {load_augmentation("random_resized_crop", {{"area", {1.0, 1.0}}, {"filter", {"bicubic"}}}),
       1}};
  if (normalised)
    list.push_back({load_augmentation("normalise", {{"mean", {0.5}}, {"std", {0.25}}}), 1});
  const ViewPipeline pipeline(list,
                              {.height = 32, .width = 32, .channels = 1, .arithmetic = arithmetic});
  std::vector<std::uint8_t> picture(64, 0);
  for (std::size_t i = 0; i < picture.size(); ++i) picture[i] = i % 8 < 4 ? 0 : 255;
  std::vector<float> out(pipeline.spec().floats());
  host::ViewScratch scratch;
  pipeline.run({picture.data(), 8, 8, 1}, {.seed = 1}, out.data(), scratch);
  return out;
}

TEST(TensorflowViewTest, IsClippedToTheRangeOfColours) {
  const auto whole = enlarged(Arithmetic::kFloat, false);
  auto clipped = whole;
  for (float& value : clipped) value = std::clamp(value, 0.0F, 1.0F);
  ASSERT_NE(whole, clipped) << "the picture must overshoot";
  EXPECT_EQ(enlarged(Arithmetic::kTensorflow, false), clipped);
  const auto normalised = enlarged(Arithmetic::kTensorflow, true);
  for (std::size_t i = 0; i < clipped.size(); ++i)
    ASSERT_NEAR(normalised[i], (clipped[i] - 0.5F) / 0.25F, 1e-6);
}

/// How far from a white pixel the blur of a black view reaches, down and to the right.
std::pair<int, int> reach_of(const ViewPipeline& pipeline) {
  const ViewSpec& spec = pipeline.spec();
  const int row = spec.height / 2, column = spec.width / 2;
  std::vector<std::uint8_t> picture(spec.pixels(), 0);
  picture[static_cast<std::size_t>(row * spec.width + column)] = 255;
  const auto made = replay_values(pipeline, picture, {{"sigma", 2.0}});
  int down = 0, right = 0;
  while (made[static_cast<std::size_t>((row + down + 1) * spec.width + column)] > 0) ++down;
  while (made[static_cast<std::size_t>(row * spec.width + column + right + 1)] > 0) ++right;
  return {down, right};
}

TEST(SimclrBlurTest, TakesItsNumberOfTapsFromTheHeight) {
  const Settings simclr = {{"kernel", {"simclr"}}};
  ViewSpec spec = kGrey;
  // k = floor(height / 10); floor(k / 2) taps to each side.
  for (const auto& [height, reach] : {std::pair{224, 11}, {64, 3}, {59, 2}, {32, 1}}) {
    spec.height = height;
    spec.width = 64;
    EXPECT_EQ(reach_of(alone("gaussian_blur", simclr, spec)), std::pair(reach, reach)) << height;
  }
  spec.height = 19;  // one tap: nothing changes
  const auto picture = noise(19, 64, 1);
  const auto made = replay_values(alone("gaussian_blur", simclr, spec), picture, {{"sigma", 2.0}});
  for (std::size_t i = 0; i < picture.size(); ++i)
    ASSERT_FLOAT_EQ(made[i], static_cast<float>(picture[i]) / 255.0F);
  spec.height = 64;
  EXPECT_EQ(
      reach_of(alone("gaussian_blur", {{"kernel", {"simclr"}}, {"taps", {std::int64_t{9}}}}, spec)),
      std::pair(4, 4));
}

TEST(SimclrBlurTest, TakesWhatLiesOutsideTheViewAsBlack) {
  const ViewPipeline pipeline =
      alone("gaussian_blur", {{"kernel", {"simclr"}}, {"taps", {std::int64_t{5}}}}, kGrey);
  const std::vector<std::uint8_t> white(kGrey.pixels(), 255);
  const auto made = replay_values(pipeline, white, {{"sigma", 1.0}});
  const double one = std::exp(-0.5), two = std::exp(-2.0);
  const double edge = (1 + one + two) / (1 + 2 * one + 2 * two);
  EXPECT_NEAR(made[0], edge * edge, 1e-6);
  EXPECT_NEAR(made[20], edge, 1e-6);
  EXPECT_NEAR(made[20 * 48 + 20], 1, 1e-6);
}

TEST(SimclrBlurTest, RefusesEvenTapsAndTapsOfAnotherKernel) {
  EXPECT_EQ(message_of([] {
              load_augmentation("gaussian_blur",
                                {{"kernel", {"simclr"}}, {"taps", {std::int64_t{22}}}});
            }),
            "gaussian_blur: taps must be odd, or 0 for the view's own number, got 22; SimCLR's "
            "code takes 23");
  EXPECT_EQ(message_of([] { load_augmentation("gaussian_blur", {{"taps", {std::int64_t{23}}}}); }),
            "gaussian_blur: taps belongs to kernel = \"simclr\", got kernel = \"pillow\"; leave it "
            "out");
}

}  // namespace
}  // namespace kith::testing
