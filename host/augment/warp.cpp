// SPDX-License-Identifier: Apache-2.0
#include "augment/warp.h"

#include <cmath>

namespace kith::host {
namespace {

/// The grid pixel above and left of a position, and how far behind its centre the position lies.
struct Place {
  std::size_t x, y;
  float fx, fy;
};

Place place_of(const AffineMap& map, int x, int y) {
  const double u = map.xx * (x + 0.5) + map.xy * (y + 0.5) + map.x0 - 0.5;
  const double v = map.yx * (x + 0.5) + map.yy * (y + 0.5) + map.y0 - 0.5;
  const auto left = static_cast<std::size_t>(u), top = static_cast<std::size_t>(v);  // both >= 0
  return {left, top, static_cast<float>(u - static_cast<double>(left)),
          static_cast<float>(v - static_cast<double>(top))};
}

/// @param step  from a grid pixel to its right neighbour; `below`: to the one below.
template <class T>
float read(const T* pixel, std::size_t step, std::size_t below, const Place& at) {
  const auto a = static_cast<float>(pixel[0]), b = static_cast<float>(pixel[step]);
  const auto c = static_cast<float>(pixel[below]), d = static_cast<float>(pixel[below + step]);
  const float upper = a + (b - a) * at.fx, lower = c + (d - c) * at.fx;
  return upper + (lower - upper) * at.fy;
}

}  // namespace

void warp_levels(const std::uint8_t* grid, int grid_width, int channels, const AffineMap& map,
                 std::uint8_t* out, int height, int width) {
  const auto step = static_cast<std::size_t>(channels);
  const std::size_t stride = static_cast<std::size_t>(grid_width) * step;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const Place at = place_of(map, x, y);
      const std::uint8_t* pixel = grid + at.y * stride + at.x * step;
      for (std::size_t c = 0; c < step; ++c)
        *out++ = static_cast<std::uint8_t>(read(pixel + c, step, stride, at) + 0.5F);
    }
}

void warp_values(const float* grid, int grid_width, const AffineMap& map, float* out, int height,
                 int width) {
  const auto stride = static_cast<std::size_t>(grid_width);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const Place at = place_of(map, x, y);
      *out++ = read(grid + at.y * stride + at.x, 1, stride, at);
    }
}

}  // namespace kith::host
