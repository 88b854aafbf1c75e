// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "augment/geometry.h"

namespace kith::host {

/// Reads a grid bilinearly at mapped positions: result pixel (x, y) is the grid at map(x + 0.5, y +
/// 0.5). Every position lies at least half a pixel inside the grid.
///
/// @param grid      uint8 [grid rows, grid_width, channels]
/// @param out       uint8 [height, width, channels], rounded to the nearest level
void warp_levels(const std::uint8_t* grid, int grid_width, int channels, const AffineMap& map,
                 std::uint8_t* out, int height, int width);

/// As above for one plane of float32.
void warp_values(const float* grid, int grid_width, const AffineMap& map, float* out, int height,
                 int width);

}  // namespace kith::host
