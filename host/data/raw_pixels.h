// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.h"

namespace kith::host {

/// The pixels of a split as features: the baseline that a trained encoder has to beat.
struct RawPixels {
  ImageSize size;  ///< Of each image after scaling.
  std::int64_t rows = 0;
  std::int64_t columns = 0;   ///< size.bytes()
  std::vector<float> values;  ///< [rows, columns] in [0, 1]; a row is [height, width, channels].
};

/// The size to which raw_pixels scales: that of train's images, made smaller in proportion until
/// no side is over `max_side`; a square of `max_side` if train's images differ in size.
ImageSize raw_pixel_size(const Dataset& dataset, int max_side);

/// Decodes all images of a split and scales them to raw_pixel_size, whichever the split, by
/// bilinear interpolation with antialiasing (triangle filter, in float). Rows are in the order of
/// the split; images that have the size already are not touched.
/// @throws DataError as Dataset::decode.
RawPixels raw_pixels(const Dataset& dataset, Split split, int max_side, int threads);

}  // namespace kith::host
