// SPDX-License-Identifier: Apache-2.0
//
// torchvision's gaussian_blur with kernel_size 23: a true Gaussian, cut to 23 taps, edges
// reflected.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <kith/augmentation.hpp>

#include "plane.h"

namespace blur {
namespace {

constexpr std::ptrdiff_t kReach = 11;  // taps on each side

struct Taps {
  std::ptrdiff_t reach;  // taps beyond it weigh nothing in float32
  std::array<float, 2 * kReach + 1> weight;
};

inline Taps taps_of(double sigma) {
  std::array<double, 2 * kReach + 1> density{};
  double sum = 0;
  for (std::ptrdiff_t i = -kReach; i <= kReach; ++i) {
    const double x = static_cast<double>(i) / sigma;
    sum += density[static_cast<std::size_t>(i + kReach)] = std::exp(-0.5 * x * x);
  }
  Taps taps{.reach = 0, .weight = {}};
  for (std::ptrdiff_t i = 0; i <= kReach; ++i) {
    const double weight = density[static_cast<std::size_t>(i + kReach)] / sum;
    if (weight > 1e-10) taps.reach = i;
    taps.weight[static_cast<std::size_t>(kReach + i)] = static_cast<float>(weight);
    taps.weight[static_cast<std::size_t>(kReach - i)] = static_cast<float>(weight);
  }
  return taps;
}

/// Index of the pixel that stands at position i of a line mirrored at its ends, the end pixels not
/// repeated.
inline std::size_t reflected(std::ptrdiff_t i, std::ptrdiff_t size) {
  if (size == 1) return 0;
  const std::ptrdiff_t period = 2 * (size - 1);
  i = ((i % period) + period) % period;
  return static_cast<std::size_t>(i < size ? i : period - i);
}

KITH_CPU_VARIANTS void add_scaled(float* out, const float* in, float weight, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) out[i] += weight * in[i];
}

/// Floats of scratch space for gaussian_taps.
constexpr std::size_t taps_scratch(std::size_t height, std::size_t width) {
  return height * width + width + 2 * static_cast<std::size_t>(kReach);
}

/// @param levels  rounds the result to whole levels (half to even, as torch rounds).
inline void gaussian_taps(Plane plane, double sigma, bool levels, float* scratch) {
  const Taps taps = taps_of(sigma);
  const std::size_t h = plane.height, w = plane.width;
  float *across = scratch, *padded = scratch + h * w;
  for (std::size_t y = 0; y < h; ++y) {
    const float* row = plane.data + y * w;
    for (std::ptrdiff_t i = -taps.reach; i < static_cast<std::ptrdiff_t>(w) + taps.reach; ++i)
      padded[i + taps.reach] = row[reflected(i, static_cast<std::ptrdiff_t>(w))];
    float* out = across + y * w;
    std::fill(out, out + w, 0.0F);
    for (std::ptrdiff_t k = -taps.reach; k <= taps.reach; ++k)
      add_scaled(out, padded + k + taps.reach, taps.weight[static_cast<std::size_t>(k + kReach)],
                 w);
  }
  for (std::size_t y = 0; y < h; ++y) {
    float* out = plane.data + y * w;
    std::fill(out, out + w, 0.0F);
    for (std::ptrdiff_t k = -taps.reach; k <= taps.reach; ++k) {
      const std::size_t from =
          reflected(static_cast<std::ptrdiff_t>(y) + k, static_cast<std::ptrdiff_t>(h));
      add_scaled(out, across + from * w, taps.weight[static_cast<std::size_t>(k + kReach)], w);
    }
    if (levels)
      for (std::size_t x = 0; x < w; ++x) out[x] = std::clamp(std::nearbyint(out[x]), 0.0F, 255.0F);
  }
}

}  // namespace
}  // namespace blur
