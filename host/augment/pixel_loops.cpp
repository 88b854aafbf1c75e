// SPDX-License-Identifier: Apache-2.0
#include "augment/pixel_loops.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <kith/cpu_variants.hpp>

namespace kith::host {
namespace {

KITH_CPU_VARIANTS void load_grey(const std::uint8_t* in, float* __restrict out, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<float>(in[i]);
}

KITH_CPU_VARIANTS void load_colours(const std::uint8_t* in, float* __restrict r,
                                    float* __restrict g, float* __restrict b, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    r[i] = static_cast<float>(in[3 * i]);
    g[i] = static_cast<float>(in[3 * i + 1]);
    b[i] = static_cast<float>(in[3 * i + 2]);
  }
}

}  // namespace

void load_levels(const std::uint8_t* levels, float* const* planes, std::size_t channels,
                 std::size_t first, std::size_t size) {
  const std::uint8_t* in = levels + first * channels;
  if (channels == 3) {
    load_colours(in, planes[0] + first, planes[1] + first, planes[2] + first, size);
  } else {
    load_grey(in, planes[0] + first, size);
  }
}

KITH_CPU_VARIANTS void to_unit(float* values, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) values[i] /= 255.0F;
}

KITH_CPU_VARIANTS void round_to_levels(float* values, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    float v = values[i] + 0.5F;
    v = v > 0.0F ? v : 0.0F;  // NaN becomes 0
    v = v < 255.0F ? v : 255.0F;
    values[i] = static_cast<float>(static_cast<int>(v));
  }
}

KITH_CPU_VARIANTS void clip_to_unit(float* values, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    const float v = values[i] > 0.0F ? values[i] : 0.0F;  // NaN becomes 0
    values[i] = v < 1.0F ? v : 1.0F;
  }
}

/// In eight sums side by side, which is quicker and, being written so, the same on any processor.
KITH_CPU_VARIANTS double sum_of(const float* values, std::size_t size) {
  constexpr std::size_t kLanes = 8;
  std::array<double, kLanes> sums{};
  std::size_t i = 0;
  for (; i + kLanes <= size; i += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      sums[lane] += static_cast<double>(values[i + lane]);
  for (; i < size; ++i) sums[0] += static_cast<double>(values[i]);
  double sum = 0;
  for (const double part : sums) sum += part;
  return sum;
}

KITH_CPU_VARIANTS std::int64_t sum_grey_levels(const float* r, const float* g, const float* b,
                                               std::size_t size) {
  std::int32_t sum = 0;  // a tile's is below 2^20
  for (std::size_t i = 0; i < size; ++i)
    sum += (19595 * static_cast<int>(r[i]) + 38470 * static_cast<int>(g[i]) +
            7471 * static_cast<int>(b[i]) + 32768) >>
           16;
  return sum;
}

}  // namespace kith::host
