// SPDX-License-Identifier: Apache-2.0
//
// The cascade of boxes for a small sigma, in levels: boxes of one or three whole pixels, which are
// summed up where they stand, along rows and down columns alike.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <kith/augmentation.hpp>

#include "box.h"
#include "plane.h"

namespace blur {
namespace {

/// Whole pixels on each side of a box's middle; sigma is below 2.45 where it is at most this.
constexpr std::ptrdiff_t kNear = 1;

/// Pixels that a pass reads on each side of one.
constexpr std::size_t kReachOfNear = static_cast<std::size_t>(kNear) + 1;

KITH_CPU_VARIANTS void write_boxes_of_one(const float* before, const float* middle,
                                          const float* after, float* __restrict out,
                                          std::size_t size, std::uint32_t inner,
                                          std::uint32_t edge) {
  for (std::size_t i = 0; i < size; ++i)
    out[i] = level_of(middle[i], before[i] + after[i], inner, edge);
}

KITH_CPU_VARIANTS void write_boxes_of_three(const float* before, const float* first,
                                            const float* middle, const float* last,
                                            const float* after, float* __restrict out,
                                            std::size_t size, std::uint32_t inner,
                                            std::uint32_t edge) {
  for (std::size_t i = 0; i < size; ++i)
    out[i] = level_of(first[i] + middle[i] + last[i], before[i] + after[i], inner, edge);
}

/// @param row  gives what lies so many pixels before (< 0) or behind
template <class Row>
void write_near_boxes(const Box& box, Row&& row, float* out, std::size_t size) {
  if (box.radius == 0) {
    write_boxes_of_one(row(-1), row(0), row(1), out, size, box.inner, box.edge);
  } else {
    write_boxes_of_three(row(-2), row(-1), row(0), row(1), row(2), out, size, box.inner, box.edge);
  }
}

/// Three passes along a row. `from` and `to` have room for it and what a pass reads beyond its
/// ends.
inline void smooth_row(float* row, std::size_t width, const Box& box, float* from, float* to) {
  std::copy(row, row + width, from + kReachOfNear);
  for (int pass = 0; pass < 3; ++pass) {
    std::fill(from, from + kReachOfNear, from[kReachOfNear]);
    std::fill(from + kReachOfNear + width, from + 2 * kReachOfNear + width,
              from[kReachOfNear + width - 1]);
    const float* middle = from + kReachOfNear;
    write_near_boxes(
        box, [middle](std::ptrdiff_t away) { return middle + away; },
        pass == 2 ? row : to + kReachOfNear, width);
    std::swap(from, to);
  }
}

/// One pass down the columns.
inline void smooth_columns(const float* in, float* out, std::size_t height, std::size_t width,
                           const Box& box) {
  const auto last = static_cast<std::ptrdiff_t>(height) - 1;
  for (std::ptrdiff_t y = 0; y <= last; ++y)
    write_near_boxes(
        box,
        [&](std::ptrdiff_t away) {
          return in +
                 static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(y + away, 0, last)) * width;
        },
        out + static_cast<std::size_t>(y) * width, width);
}

/// Floats of scratch space for near_boxes.
constexpr std::size_t near_scratch(std::size_t height, std::size_t width) {
  return 2 * std::max(height * width, width + 2 * kReachOfNear);
}

/// For boxes of a radius of at most kNear, and whole levels 0 to 255.
inline void near_boxes(Plane plane, const Box& box, float* scratch) {
  const std::size_t h = plane.height, w = plane.width;
  float *a = scratch, *b = scratch + near_scratch(h, w) / 2;
  for (std::size_t y = 0; y < h; ++y) smooth_row(plane.data + y * w, w, box, a, b);
  smooth_columns(plane.data, a, h, w, box);
  smooth_columns(a, b, h, w, box);
  smooth_columns(b, plane.data, h, w, box);
}

}  // namespace
}  // namespace blur
