// SPDX-License-Identifier: Apache-2.0
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

/// Sobel's masks on one plane of levels in float64, mirrored at its edge pixels.
std::vector<double> edge_strength(const std::vector<double>& in, int height, int width) {
  const std::array<std::array<int, 3>, 3> mask = {{{-1, 0, 1}, {-2, 0, 2}, {-1, 0, 1}}};
  const auto mirrored = [](int i, int size) {
    if (size == 1) return 0;
    if (i < 0) return -i;
    return i < size ? i : 2 * size - 2 - i;
  };
  std::vector<double> out;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      double across = 0, down = 0;
      for (int i = -1; i <= 1; ++i)
        for (int j = -1; j <= 1; ++j) {
          const double v = in[static_cast<std::size_t>(mirrored(y + i, height) * width +
                                                       mirrored(x + j, width))];
          across += v * mask[static_cast<std::size_t>(i + 1)][static_cast<std::size_t>(j + 1)];
          down += v * mask[static_cast<std::size_t>(j + 1)][static_cast<std::size_t>(i + 1)];
        }
      out.push_back(std::min(std::hypot(across, down) / 4, 255.0));
    }
  return out;
}

/// One channel of a picture.
std::vector<double> channel(const std::vector<std::uint8_t>& picture, int channels, int c) {
  std::vector<double> plane;
  for (std::size_t i = static_cast<std::size_t>(c); i < picture.size();
       i += static_cast<std::size_t>(channels))
    plane.push_back(picture[i]);
  return plane;
}

TEST(SobelTest, GivesTheLengthOfEachChannelsGradient) {
  for (const int channels : {1, 3})
    for (const auto& [height, width] : {std::pair{1, 1}, {1, 9}, {9, 1}, {2, 2}, {21, 34}}) {
      const auto picture = noise(height, width, channels);
      ViewSpec spec{.height = height, .width = width, .channels = channels};
      const auto levels = replay(alone("sobel", {}, spec), picture, {});
      spec.arithmetic = Arithmetic::kFloat;
      const auto values = replay_values(alone("sobel", {}, spec), picture, {});
      for (int c = 0; c < channels; ++c) {
        const auto wanted = edge_strength(channel(picture, channels, c), height, width);
        for (std::size_t i = 0; i < wanted.size(); ++i) {
          const std::size_t stride = static_cast<std::size_t>(channels);
          ASSERT_NEAR(values[static_cast<std::size_t>(c) * wanted.size() + i], wanted[i] / 255,
                      1e-6);
          ASSERT_EQ(levels[i * stride + static_cast<std::size_t>(c)], std::lround(wanted[i]));
        }
      }
    }
}

TEST(SobelTest, MakesAStraightStepFromBlackToWhiteWhite) {
  const ViewSpec spec{.height = 6, .width = 6, .channels = 1};
  std::vector<std::uint8_t> picture(36, 0);
  for (std::size_t i = 0; i < 36; ++i)
    if (i % 6 >= 3) picture[i] = 255;
  const auto made = replay(alone("sobel", {}, spec), picture, {});
  for (std::size_t i = 0; i < 36; ++i) EXPECT_EQ(made[i], i % 6 == 2 || i % 6 == 3 ? 255 : 0) << i;
}

TEST(SobelTest, GivesTheEdgesOfTheGreyVersionOnRequest) {
  const int height = 13, width = 17;
  const auto picture = noise(height, width, 3);
  const Settings grey = {{"edges_of", {"grey"}}};
  ViewSpec spec{.height = height, .width = width, .channels = 3};
  const auto levels = replay(alone("sobel", grey, spec), picture, {});
  spec.arithmetic = Arithmetic::kTensorflow;
  const auto values = replay_values(alone("sobel", grey, spec), picture, {});
  std::vector<double> rounded, exact;
  for (std::size_t i = 0; i < picture.size(); i += 3) {
    const int r = picture[i], g = picture[i + 1], b = picture[i + 2];
    rounded.push_back((19595 * r + 38470 * g + 7471 * b + 32768) >> 16);
    exact.push_back(0.2989 * r + 0.587 * g + 0.114 * b);
  }
  const auto wanted_levels = edge_strength(rounded, height, width);
  const auto wanted = edge_strength(exact, height, width);
  for (std::size_t i = 0; i < wanted.size(); ++i)
    for (std::size_t c = 0; c < 3; ++c) {
      ASSERT_EQ(levels[3 * i + c], std::lround(wanted_levels[i]));
      ASSERT_NEAR(values[c * wanted.size() + i], wanted[i] / 255, 1e-6);
    }
}

}  // namespace
}  // namespace kith::testing
