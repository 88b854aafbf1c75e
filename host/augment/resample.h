// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "augment/axis_taps.h"
#include "augment/image_view.h"
#include "augment/row_lanes.h"

namespace kith::host {

/// Memory of one thread's resizes.
struct ResampleScratch {
  RowLanes lanes;
  std::vector<std::uint8_t> rows;
  std::vector<std::int32_t> sums;
  std::vector<float> values;
};

/// Resizes in 8-bit arithmetic: horizontally, then vertically, each rounded to whole levels,
/// exactly as Pillow. A pass that changes nothing is skipped.
///
/// @param out         uint8 [y.count, x.count, channels]
/// @param row_stride  from one output row to the next
void resample_levels(const ImageView& source, const AxisTaps& x, const AxisTaps& y,
                     std::uint8_t* out, std::size_t row_stride, ResampleScratch& scratch);

/// Resizes in float32 arithmetic, values divided by 255.
///
/// @param out           float32 [channels, y.count, x.count]
/// @param row_stride    from one output row to the next
/// @param plane_stride  from one output channel to the next
void resample_values(const ImageView& source, const AxisTaps& x, const AxisTaps& y, float* out,
                     std::size_t row_stride, std::size_t plane_stride, ResampleScratch& scratch);

/// Resizes one plane of float32 values; their scale stays.
///
/// @param source  float32 [rows, source_width], another memory than `out`
/// @param out     float32 [y.count, x.count]
void resample_plane(const float* source, int source_width, const AxisTaps& x, const AxisTaps& y,
                    float* out, ResampleScratch& scratch);

}  // namespace kith::host
