// SPDX-License-Identifier: Apache-2.0
//
// SimCLR's blur (google-research/simclr, data_util.py, gaussian_blur): a true Gaussian cut to an
// odd number of taps, horizontally, then vertically; what lies outside the view is black.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <kith/augmentation.hpp>

#include "gaussian_taps.h"
#include "plane.h"

namespace blur {
namespace {

/// Floats of scratch space for zero_padded_taps.
constexpr std::size_t zero_padded_scratch(std::size_t height, std::size_t width, std::size_t taps) {
  return height * width + taps / 2 + 1;
}

/// Weights of the middle tap and of those to one side, which sum to 1 over both sides. Returns how
/// many there are beside the middle one: those that weigh less than 1e-10 are left out.
inline std::size_t write_half_kernel(double sigma, std::size_t reach, float* weight) {
  const auto density = [sigma](std::size_t i) {
    const double x = static_cast<double>(i) / sigma;
    return std::exp(-0.5 * x * x);
  };
  double sum = 1;
  for (std::size_t i = 1; i <= reach; ++i) sum += 2 * density(i);
  std::size_t counted = 0;
  for (std::size_t i = 0; i <= reach && density(i) / sum > 1e-10; ++i) {
    weight[i] = static_cast<float>(density(i) / sum);
    counted = i;
  }
  return counted;
}

/// @param taps    odd
/// @param levels  rounds the result to whole levels (half to even, as gaussian_taps).
inline void zero_padded_taps(Plane plane, double sigma, std::size_t taps, bool levels,
                             float* scratch) {
  const std::size_t h = plane.height, w = plane.width;
  float *across = scratch, *weight = scratch + h * w;
  const std::size_t reach = write_half_kernel(sigma, taps / 2, weight);
  std::fill(across, across + h * w, 0.0F);
  for (std::size_t y = 0; y < h; ++y) {
    const float* in = plane.data + y * w;
    float* out = across + y * w;
    add_scaled(out, in, weight[0], w);
    for (std::size_t i = 1; i <= std::min(reach, w - 1); ++i) {
      add_scaled(out + i, in, weight[i], w - i);
      add_scaled(out, in + i, weight[i], w - i);
    }
  }
  for (std::size_t y = 0; y < h; ++y) {
    float* out = plane.data + y * w;
    std::fill(out, out + w, 0.0F);
    add_scaled(out, across + y * w, weight[0], w);
    for (std::size_t i = 1; i <= reach; ++i) {
      if (y >= i) add_scaled(out, across + (y - i) * w, weight[i], w);
      if (y + i < h) add_scaled(out, across + (y + i) * w, weight[i], w);
    }
    if (levels)
      for (std::size_t x = 0; x < w; ++x) out[x] = std::clamp(std::nearbyint(out[x]), 0.0F, 255.0F);
  }
}

}  // namespace
}  // namespace blur
