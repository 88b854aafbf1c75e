// SPDX-License-Identifier: Apache-2.0
//
// Pillow's GaussianBlur: three passes of a box with fractional edge weights, each way (Gwosdek et
// al., "Theoretical foundations of Gaussian convolution by extended box filtering", SSVM 2011).
#pragma once

#include <algorithm>
#include <cstdint>
#include <kith/augmentation.hpp>

#include "box.h"
#include "near_boxes.h"
#include "plane.h"

namespace blur {
namespace {

/// One output row in levels, of the box's sums and its two edge pixels.
KITH_CPU_VARIANTS void write_levels(const float* sum, const float* above, const float* below,
                                    float* out, std::size_t width, std::uint32_t inner,
                                    std::uint32_t edge) {
  for (std::size_t x = 0; x < width; ++x)
    out[x] = level_of(sum[x], above[x] + below[x], inner, edge);
}

KITH_CPU_VARIANTS void write_values(const float* sum, const float* above, const float* below,
                                    float* out, std::size_t width, float inner, float edge) {
  for (std::size_t x = 0; x < width; ++x) out[x] = inner * sum[x] + edge * (above[x] + below[x]);
}

KITH_CPU_VARIANTS void slide(float* sum, const float* enters, const float* leaves,
                             std::size_t width) {
  for (std::size_t x = 0; x < width; ++x) sum[x] += enters[x] - leaves[x];
}

/// One vertical pass; the edge rows are repeated. `sum` has room for a row.
inline void box_pass(const float* in, float* out, std::size_t height, std::size_t width,
                     const Box& box, bool levels, float* sum) {
  const auto last = static_cast<std::ptrdiff_t>(height) - 1;
  const auto row = [&](std::ptrdiff_t y) {
    return in + static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(y, 0, last)) * width;
  };
  std::fill(sum, sum + width, 0.0F);
  for (std::ptrdiff_t y = -box.radius; y <= box.radius; ++y)
    for (std::size_t x = 0; x < width; ++x) sum[x] += row(y)[x];
  for (std::ptrdiff_t y = 0; y <= last; ++y) {
    float* to = out + static_cast<std::size_t>(y) * width;
    const float* above = row(y - box.radius - 1);
    const float* below = row(y + box.radius + 1);
    if (levels) {
      write_levels(sum, above, below, to, width, box.inner, box.edge);
    } else {
      write_values(sum, above, below, to, width, box.inner_weight, box.edge_weight);
    }
    slide(sum, below, row(y - box.radius), width);
  }
}

inline void transpose(const float* in, float* out, std::size_t height, std::size_t width) {
  for (std::size_t y = 0; y < height; ++y)
    for (std::size_t x = 0; x < width; ++x) out[x * height + y] = in[y * width + x];
}

/// Floats of scratch space for box_cascade.
constexpr std::size_t box_scratch(std::size_t height, std::size_t width) {
  return std::max(2 * height * width + std::max(height, width), near_scratch(height, width));
}

/// @param levels  whole levels 0 to 255, rounded after each pass; else floats.
inline void box_cascade(Plane plane, double sigma, bool levels, float* scratch) {
  const Box box = box_of(sigma);
  if (levels && box.radius <= kNear) {
    near_boxes(plane, box, scratch);
    return;
  }
  const std::size_t h = plane.height, w = plane.width;
  float *a = scratch, *b = scratch + h * w, *sum = b + h * w;
  transpose(plane.data, a, h,
            w);  // so that the horizontal passes run down columns side by side, too
  box_pass(a, b, w, h, box, levels, sum);
  box_pass(b, a, w, h, box, levels, sum);
  box_pass(a, b, w, h, box, levels, sum);
  transpose(b, a, w, h);
  box_pass(a, b, h, w, box, levels, sum);
  box_pass(b, a, h, w, box, levels, sum);
  box_pass(a, plane.data, h, w, box, levels, sum);
}

}  // namespace
}  // namespace blur
