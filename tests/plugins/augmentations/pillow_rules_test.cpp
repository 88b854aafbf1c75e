// SPDX-License-Identifier: Apache-2.0
//
// Levels of the shipped augmentations against Pillow's rules, written down as Pillow computes them:
// where the golden values are few, all that may come.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <kith/random.hpp>
#include <string>
#include <utility>
#include <vector>

#include "shipped_augmentation.h"

namespace kith::testing {
namespace {

using host::ViewPipeline;
using host::ViewSpec;

/// The levels that an augmentation makes of a picture of the view's size.
std::vector<std::uint8_t> apply(const std::string& name, const ViewSpec& spec,
                                const std::vector<std::uint8_t>& pixels,
                                const DrawnFields& fields) {
  const ViewPipeline pipeline({{load_augmentation(name), 1}}, spec);
  host::ViewScratch scratch;
  std::vector<std::uint8_t> out(spec.floats());
  pipeline.replay_levels({pixels.data(), spec.height, spec.width, spec.channels},
                         drawn_of(pipeline, {fields}), out.data(), scratch);
  return out;
}

/// Pillow's shift of the hue, as it computes it: float quotients, then doubles.
std::array<int, 3> hue_shifted(int r, int g, int b, int shift) {
  const int v = std::max({r, g, b}), chroma = v - std::min({r, g, b});
  if (chroma == 0) return {r, g, b};
  const auto share = [&](int c) { return static_cast<float>(v - c) / static_cast<float>(chroma); };
  const float sixths = r == v   ? share(b) - share(g)
                       : g == v ? static_cast<float>(2.0 + share(r) - share(b))
                                : static_cast<float>(4.0 + share(g) - share(r));
  const float hue = static_cast<float>(std::fmod(sixths / 6.0 + 1.0, 1.0));
  const int h = (static_cast<int>(hue * 255.0) + shift) & 255;
  const int s = static_cast<int>(static_cast<float>(chroma) / static_cast<float>(v) * 255.0);
  if (s == 0) return {v, v, v};
  const double turn = h * 6.0 / 255.0;
  const int sixth = static_cast<int>(turn);
  const float f = static_cast<float>(turn - sixth), fs = static_cast<float>(s / 255.0);
  const auto part = [&](double x) { return static_cast<int>(v * x + 0.5); };
  const int p = part(1.0 - fs), q = part(1.0 - fs * f), t = part(1.0 - fs * (1.0 - f));
  const std::array<std::array<int, 3>, 6> colours = {
      {{v, t, p}, {q, v, p}, {p, v, t}, {p, q, v}, {t, p, v}, {v, p, q}}};
  return colours[static_cast<std::size_t>(sixth % 6)];
}

TEST(PillowRulesTest, ShiftsTheHueOfColoursAsPillow) {
  const ViewSpec spec{.height = 256, .width = 256, .channels = 3};
  std::vector<std::uint8_t> pixels(256 * 256 * 3), expected(pixels.size());
  for (const int red : {0, 1, 17, 50, 85, 128, 200, 254, 255})
    for (const int shift : {-127, -25, -1, 1, 25, 100}) {
      for (int green = 0; green < 256; ++green)
        for (int blue = 0; blue < 256; ++blue) {
          const auto at = static_cast<std::size_t>(green * 256 + blue) * 3;
          const auto colour = hue_shifted(red, green, blue, shift);
          for (std::size_t c = 0; c < 3; ++c) {
            pixels[at + c] = static_cast<std::uint8_t>(c == 0 ? red : c == 1 ? green : blue);
            expected[at + c] = static_cast<std::uint8_t>(colour[c]);
          }
        }
      const double hue = (shift < 0 ? shift - 0.5 : shift + 0.5) / 255;  // truncated to `shift`
      EXPECT_EQ(apply("colour_jitter", spec, pixels,
                      {{"brightness", 1},
                       {"contrast", 1},
                       {"saturation", 1},
                       {"hue", hue},
                       {"first", 0},
                       {"second", 1},
                       {"third", 2},
                       {"fourth", 3}}),
                expected)
          << "red " << red << ", shift " << shift;
    }
}

/// Pillow's rule (golden/README.md): one pass of a box along a line, the end pixels repeated.
std::vector<int> boxed(const std::vector<int>& line, double sigma) {
  const float variance = static_cast<float>(sigma) * static_cast<float>(sigma) / 3;
  const auto length = static_cast<float>(std::sqrt(12.0 * variance + 1.0));
  const auto whole = static_cast<float>(std::floor((length - 1.0) / 2.0));
  float share = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance);
  share /= 6 * (variance - (whole + 1) * (whole + 1));
  const float radius = whole + share;
  const int ir = static_cast<int>(radius), last = static_cast<int>(line.size()) - 1;
  const auto inner = static_cast<std::int64_t>(static_cast<float>(1 << 24) / (radius * 2 + 1));
  const std::int64_t edge = ((1 << 24) - (2 * ir + 1) * inner) / 2;
  const auto at = [&](int i) { return line[static_cast<std::size_t>(std::clamp(i, 0, last))]; };
  std::vector<int> out;
  for (int i = 0; i <= last; ++i) {
    std::int64_t inside = 0;
    for (int k = -ir; k <= ir; ++k) inside += at(i + k);
    const std::int64_t ends = at(i - ir - 1) + at(i + ir + 1);
    out.push_back(static_cast<int>((inside * inner + ends * edge + (1 << 23)) >> 24));
  }
  return out;
}

std::vector<std::uint8_t> blurred(const std::vector<std::uint8_t>& pixels, int height, int width,
                                  double sigma) {
  std::vector<std::uint8_t> out = pixels;
  const auto blur_line = [&](int first, int step, int size) {
    std::vector<int> line;
    for (int i = 0; i < size; ++i) line.push_back(out[static_cast<std::size_t>(first + i * step)]);
    for (int pass = 0; pass < 3; ++pass) line = boxed(line, sigma);
    for (int i = 0; i < size; ++i)
      out[static_cast<std::size_t>(first + i * step)] =
          static_cast<std::uint8_t>(line[static_cast<std::size_t>(i)]);
  };
  for (int y = 0; y < height; ++y) blur_line(y * width, 1, width);
  for (int x = 0; x < width; ++x) blur_line(x, width, height);
  return out;
}

TEST(PillowRulesTest, BlursByThreeBoxesOfAnyLengthEachWay) {
  for (const auto& [height, width] : {std::pair{1, 1}, {1, 40}, {40, 1}, {3, 2}, {37, 53}}) {
    const ViewSpec spec{.height = height, .width = width, .channels = 1};
    std::vector<std::uint8_t> pixels;
    const Draw draw({.seed = 1}, "picture");
    for (std::uint64_t i = 0; i < spec.floats(); ++i)
      pixels.push_back(static_cast<std::uint8_t>(draw.below_at(i, 256)));
    // Boxes of one, three, five and seven whole pixels.
    for (const double sigma : {0.1, 0.7, 1.4, 1.5, 2.0, 2.4, 2.5, 3.0, 3.6})
      EXPECT_EQ(apply("gaussian_blur", spec, pixels, {{"sigma", sigma}}),
                blurred(pixels, height, width, sigma))
          << height << " x " << width << ", sigma " << sigma;
  }
}

TEST(PillowRulesTest, NormalisesEachLevelAsItsQuotientBy255) {
  const ViewPipeline pipeline(
      {{load_augmentation("normalise", {{"mean", {0.2860}}, {"std", {0.3530}}}), 1}},
      {.height = 16, .width = 16, .channels = 1});
  std::vector<std::uint8_t> pixels(256);
  for (std::size_t i = 0; i < 256; ++i) pixels[i] = static_cast<std::uint8_t>(i);
  host::ViewScratch scratch;
  std::vector<float> out(256);
  pipeline.run({pixels.data(), 16, 16, 1}, {}, out.data(), scratch);
  for (std::size_t i = 0; i < 256; ++i)
    EXPECT_EQ(out[i], (static_cast<float>(i) / 255.0F - 0.2860F) / 0.3530F) << i;
}

}  // namespace
}  // namespace kith::testing
