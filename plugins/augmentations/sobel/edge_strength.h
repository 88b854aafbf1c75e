// SPDX-License-Identifier: Apache-2.0
//
// The length of the gradient by Sobel's masks, a quarter of it: the step from black to white along
// a row or a column is white.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <kith/augmentation.hpp>

namespace edges {
namespace {  // target clones and vague linkage do not go together

/// The first plane becomes the grey version, as Pillow has it.
KITH_CPU_VARIANTS void grey_levels(float* r, const float* g, const float* b, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i)
    r[i] = static_cast<float>((19595 * static_cast<int>(r[i]) + 38470 * static_cast<int>(g[i]) +
                               7471 * static_cast<int>(b[i]) + 32768) >>
                              16);
}

/// As on float tensors.
KITH_CPU_VARIANTS void grey_values(float* r, const float* g, const float* b, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) r[i] = 0.2989F * r[i] + 0.587F * g[i] + 0.114F * b[i];
}

/// Floats of a plane with a pixel more on each side.
constexpr std::size_t padded_size(std::size_t height, std::size_t width) {
  return (height + 2) * (width + 2);
}

/// Mirrors the plane at its edge pixels, which are not repeated (tf.image.sobel_edges, "REFLECT").
/// A side of one pixel has nothing to mirror and is repeated.
inline void pad_reflected(const float* in, std::size_t height, std::size_t width, float* out) {
  const std::size_t stride = width + 2;
  const std::size_t second_row = std::min<std::size_t>(1, height - 1),
                    second = std::min<std::size_t>(1, width - 1);
  const auto write = [&](std::size_t from, std::size_t to) {
    const float* row = in + from * width;
    float* padded = out + to * stride;
    padded[0] = row[second];
    std::copy(row, row + width, padded + 1);
    padded[width + 1] = row[width - 1 - second];
  };
  write(second_row, 0);
  for (std::size_t y = 0; y < height; ++y) write(y, y + 1);
  write(height - 1 - second_row, height + 1);
}

/// `above`, `row` and `below` are padded: pixel x of the row is row[x + 1]. No result is above
/// `white`.
KITH_CPU_VARIANTS void write_strength(const float* above, const float* row, const float* below,
                                      float* out, std::size_t width, float white) {
  for (std::size_t x = 0; x < width; ++x) {
    const float across =
        (above[x + 2] - above[x]) + 2.0F * (row[x + 2] - row[x]) + (below[x + 2] - below[x]);
    const float down = (below[x] - above[x]) + 2.0F * (below[x + 1] - above[x + 1]) +
                       (below[x + 2] - above[x + 2]);
    const float strength = 0.25F * std::sqrt(across * across + down * down);
    out[x] = strength < white ? strength : white;
  }
}

KITH_CPU_VARIANTS void round_to_levels(float* values, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i)
    values[i] = static_cast<float>(static_cast<int>(values[i] + 0.5F));
}

/// @param levels   whole levels 0 to 255, rounded at the end; else values in [0, 1].
/// @param scratch  padded_size(height, width) floats
inline void to_edge_strength(float* plane, std::size_t height, std::size_t width, bool levels,
                             float* scratch) {
  pad_reflected(plane, height, width, scratch);
  const std::size_t stride = width + 2;
  for (std::size_t y = 0; y < height; ++y) {
    const float* above = scratch + y * stride;
    write_strength(above, above + stride, above + 2 * stride, plane + y * width, width,
                   levels ? 255.0F : 1.0F);
  }
  if (levels) round_to_levels(plane, height * width);
}

}  // namespace
}  // namespace edges
