// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <kith/random.hpp>
#include <numbers>
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

using ::testing::HasSubstr;

/// The noise that the README describes, in float64 with the C library's functions.
double normal(std::uint32_t seed, std::uint32_t channel, std::size_t pixel, std::size_t pixels) {
  const std::size_t part = (pixels + 3) / 4, number = pixel / part;
  const auto words =
      Philox::block({static_cast<std::uint32_t>(pixel % part), channel, 0, 0}, {seed, 0});
  const auto unit = [&](std::size_t i) { return ((words[i] >> 9) + 0.5) / 8388608.0; };
  const std::size_t pair = number < 2 ? 0 : 2;
  const double radius = std::sqrt(-2 * std::log(unit(pair)));
  const double angle = 2 * std::numbers::pi * unit(pair + 1);
  return radius * (number % 2 == 0 ? std::cos(angle) : std::sin(angle));
}

TEST(GaussianNoiseTest, AddsTheNoiseThatItsReadmeDescribes) {
  for (const auto& [height, width] : {std::pair{1, 1}, {1, 3}, {7, 5}, {61, 77}}) {
    const auto picture = noise(height, width, 3);
    ViewSpec spec{.height = height, .width = width, .channels = 3};
    const DrawnFields drawn = {{"sigma", 0.25}, {"seed", 4000000007.0}};
    const auto levels = replay(alone("gaussian_noise", {}, spec), picture, drawn);
    spec.arithmetic = Arithmetic::kFloat;
    const auto values = replay_values(alone("gaussian_noise", {}, spec), picture, drawn);
    const std::size_t pixels = spec.pixels();
    for (std::size_t i = 0; i < pixels; ++i)
      for (std::size_t c = 0; c < 3; ++c) {
        const double exact = picture[3 * i + c] / 255.0 +
                             0.25 * normal(4000000007U, static_cast<std::uint32_t>(c), i, pixels);
        const double wanted = std::clamp(exact, 0.0, 1.0);
        ASSERT_NEAR(values[c * pixels + i], wanted, 1e-6);  // float32, of numbers up to 1.5
        ASSERT_NEAR(levels[3 * i + c], 255 * wanted, 0.5 + 1e-3);
      }
  }
}

/// On middle grey with a sigma of 0.05 nothing is clipped: 0.5 is ten deviations away.
TEST(GaussianNoiseTest, IsNormalAndIndependentBetweenPixelsAndChannels) {
  const ViewSpec spec{.height = 224, .width = 224, .channels = 3, .arithmetic = Arithmetic::kFloat};
  const std::vector<std::uint8_t> grey(spec.floats(), 128);
  const auto made =
      replay_values(alone("gaussian_noise", {}, spec), grey, {{"sigma", 0.05}, {"seed", 12345}});
  std::vector<double> n;
  for (const float value : made) n.push_back((static_cast<double>(value) - 128.0 / 255) / 0.05);
  const auto mean_of = [&](auto&& term) {
    double sum = 0;
    for (std::size_t i = 0; i < n.size(); ++i) sum += term(i);
    return sum / static_cast<double>(n.size());
  };
  const auto power = [&](int exponent) {
    return mean_of([&](std::size_t i) { return std::pow(n[i], exponent); });
  };
  // 5 standard errors: moment k of 150,528 numbers has variance (E n^2k - (E n^k)^2) / 150,528.
  const double error = 5 / std::sqrt(static_cast<double>(n.size()));
  EXPECT_NEAR(power(1), 0, error);
  EXPECT_NEAR(power(2), 1, std::sqrt(2.0) * error);
  EXPECT_NEAR(power(3), 0, std::sqrt(15.0) * error);
  EXPECT_NEAR(power(4), 3, std::sqrt(96.0) * error);
  const std::size_t pixels = spec.pixels();
  for (const std::size_t shift : {std::size_t{1}, std::size_t{224}, pixels / 4, pixels / 2, pixels})
    EXPECT_NEAR(mean_of([&](std::size_t i) { return n[i] * n[(i + shift) % n.size()]; }), 0, error)
        << shift;
}

TEST(GaussianNoiseTest, DrawsItsSigmaUniformlyAndAnotherSeedForEachSample) {
  const ViewSpec spec{.height = 8, .width = 8, .channels = 1};
  const auto rows = draw_many(alone("gaussian_noise", {{"sigma", {0.1, 0.3}}}, spec), 8, 8, 4000);
  double sum = 0;
  std::vector<double> seeds;
  for (const auto& row : rows) {
    EXPECT_TRUE(row[0] >= 0.1 && row[0] < 0.3);
    sum += row[0];
    seeds.push_back(row[1]);
  }
  EXPECT_NEAR(sum / 4000, 0.2, 0.0046);  // 5 standard errors of 0.2 / sqrt(12 * 4000)
  std::sort(seeds.begin(), seeds.end());
  const auto different = std::unique(seeds.begin(), seeds.end()) - seeds.begin();
  EXPECT_GE(different, 3998);  // of 2^32: two equal ones are expected in 0.2 % of runs
}

TEST(GaussianNoiseTest, LeavesThePictureAloneAtSigmaZeroAndRefusesAFallingRange) {
  const ViewSpec spec{.height = 16, .width = 16, .channels = 3};
  const auto picture = noise(16, 16, 3);
  EXPECT_EQ(replay(alone("gaussian_noise", {}, spec), picture, {{"sigma", 0}, {"seed", 9}}),
            picture);
  EXPECT_THAT(message_of([] { load_augmentation("gaussian_noise", {{"sigma", {0.3, 0.1}}}); }),
              HasSubstr("gaussian_noise: sigma must be [smallest, largest], got [0.3"));
}

}  // namespace
}  // namespace kith::testing
