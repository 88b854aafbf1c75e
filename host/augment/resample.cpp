// SPDX-License-Identifier: Apache-2.0
#include "augment/resample.h"

#include <algorithm>
#include <cstring>
#include <kith/cpu_variants.hpp>

namespace kith::host {
namespace {

constexpr std::int32_t kHalf = 1 << (AxisTaps::kFractionBits - 1);

inline std::uint8_t to_level(std::int32_t sum) {
  const std::int32_t level = sum >> AxisTaps::kFractionBits;
  const std::int32_t positive = level > 0 ? level : 0;
  return static_cast<std::uint8_t>(positive < 255 ? positive : 255);
}

/// Two to four rows are summed up at a time, so that the sums need not lie in memory.
constexpr int kRowsAtOnce = 4;

KITH_CPU_VARIANTS void add_four_rows(const std::uint8_t* a, std::size_t stride,
                                     const std::int32_t* weights, std::int32_t* __restrict sums,
                                     std::size_t size) {
  const std::uint8_t *b = a + stride, *c = b + stride, *d = c + stride;
  const std::int32_t of_a = weights[0], of_b = weights[1], of_c = weights[2], of_d = weights[3];
  for (std::size_t i = 0; i < size; ++i)
    sums[i] += of_a * a[i] + of_b * b[i] + of_c * c[i] + of_d * d[i];
}

/// The last one to four of many.
KITH_CPU_VARIANTS void write_many_rows(const std::uint8_t* a, std::size_t stride,
                                       const std::int32_t* weights, int count,
                                       const std::int32_t* sums, std::uint8_t* __restrict out,
                                       std::size_t size) {
  const std::uint8_t* b = count > 1 ? a + stride : a;
  const std::uint8_t* c = count > 2 ? b + stride : a;
  const std::uint8_t* d = count > 3 ? c + stride : a;
  const std::int32_t of_a = weights[0], of_b = count > 1 ? weights[1] : 0,
                     of_c = count > 2 ? weights[2] : 0, of_d = count > 3 ? weights[3] : 0;
  for (std::size_t i = 0; i < size; ++i)
    out[i] = to_level(sums[i] + of_a * a[i] + of_b * b[i] + of_c * c[i] + of_d * d[i]);
}

/// All of one to four rows.
KITH_CPU_VARIANTS void write_few_rows(const std::uint8_t* a, std::size_t stride,
                                      const std::int32_t* weights, int count,
                                      std::uint8_t* __restrict out, std::size_t size) {
  const std::int32_t of_a = weights[0], of_b = count > 1 ? weights[1] : 0;
  const std::uint8_t* b = count > 1 ? a + stride : a;
  if (count <= 2) {
    for (std::size_t i = 0; i < size; ++i) out[i] = to_level(kHalf + of_a * a[i] + of_b * b[i]);
    return;
  }
  const std::uint8_t *c = b + stride, *d = c + stride;
  const std::int32_t of_c = weights[2];
  if (count == 3) {
    for (std::size_t i = 0; i < size; ++i)
      out[i] = to_level(kHalf + of_a * a[i] + of_b * b[i] + of_c * c[i]);
    return;
  }
  const std::int32_t of_d = weights[3];
  for (std::size_t i = 0; i < size; ++i)
    out[i] = to_level(kHalf + of_a * a[i] + of_b * b[i] + of_c * c[i] + of_d * d[i]);
}

/// The weighted sum of `count` rows, rounded. `sums` has room for a row.
void sum_rows(const std::uint8_t* rows, std::size_t stride, const std::int32_t* weights, int count,
              std::int32_t* sums, std::uint8_t* out, std::size_t size) {
  if (count <= kRowsAtOnce) {
    write_few_rows(rows, stride, weights, count, out, size);
    return;
  }
  std::fill(sums, sums + size, kHalf);
  for (; count > kRowsAtOnce; count -= kRowsAtOnce) {
    add_four_rows(rows, stride, weights, sums, size);
    rows += kRowsAtOnce * stride;
    weights += kRowsAtOnce;
  }
  write_many_rows(rows, stride, weights, count, sums, out, size);
}

/// Rows that the vertical pass reads, already squeezed; where the horizontal pass changes nothing,
/// the source's own.
struct Rows {
  const std::uint8_t* first;
  std::size_t stride;
  const std::uint8_t* row(int i) const { return first + static_cast<std::size_t>(i) * stride; }
};

Rows horizontal_pass(const ImageView& source, const AxisTaps& x, const AxisTaps& y,
                     ResampleScratch& scratch) {
  const auto channels = static_cast<std::size_t>(source.channels);
  if (x.is_copy())
    return {source.row(y.begin()) + static_cast<std::size_t>(x.begin()) * channels,
            source.row_bytes()};
  constexpr std::size_t kLanes = RowLanes::kLanes;
  const std::size_t stride = static_cast<std::size_t>(x.count()) * channels;
  const std::size_t read = static_cast<std::size_t>(x.end() - x.begin()) * channels;
  const auto count = static_cast<std::size_t>(y.end() - y.begin());
  const std::size_t pixel = channels * kLanes;  // one of all lanes
  RowLanes& lanes = scratch.lanes;
  lanes.make_room(std::max(stride, read));
  scratch.rows.resize(stride * ((count + kLanes - 1) / kLanes * kLanes));
  scratch.sums.resize(pixel);
  for (std::size_t first = 0; first < count; first += kLanes) {
    RowLanes::Rows rows;  // the last block is filled up with the last row
    for (std::size_t r = 0; r < kLanes; ++r)
      rows[r] = source.row(y.begin() + static_cast<int>(std::min(first + r, count - 1))) +
                static_cast<std::size_t>(x.begin()) * channels;
    const std::uint8_t* in = lanes.lay(rows, read);
    for (int i = 0; i < x.count(); ++i)
      sum_rows(in + static_cast<std::size_t>(x.start(i) - x.begin()) * pixel, pixel, x.fixed(i),
               x.length(i), scratch.sums.data(),
               lanes.result() + static_cast<std::size_t>(i) * pixel, pixel);
    lanes.part(stride, scratch.rows.data() + first * stride);
  }
  return {scratch.rows.data(), stride};
}

KITH_CPU_VARIANTS void scale_row(float* out, const float* in, float weight, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) out[i] = weight * in[i];
}

KITH_CPU_VARIANTS void add_scaled_row(float* out, const float* in, float weight, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) out[i] += weight * in[i];
}

/// One channel of a row, squeezed, divided by `white`.
template <class T>
void squeeze_values(const T* in, std::ptrdiff_t channels, const AxisTaps& taps, float white,
                    float* out) {
  for (int x = 0; x < taps.count(); ++x) {
    const T* pixel = in + taps.start(x) * channels;
    const float* weights = taps.weights(x);
    float sum = 0;
    for (std::ptrdiff_t i = 0; i < taps.length(x); ++i)
      sum += weights[i] * static_cast<float>(pixel[i * channels]);
    out[x] = sum / white;
  }
}

/// The vertical pass over squeezed rows, of which the first is y.begin().
void sum_value_rows(const float* squeezed, std::size_t width, const AxisTaps& y, float* out,
                    std::size_t row_stride) {
  for (int i = 0; i < y.count(); ++i, out += row_stride) {
    const float* from = squeezed + static_cast<std::size_t>(y.start(i) - y.begin()) * width;
    scale_row(out, from, y.weights(i)[0], width);
    for (int k = 1; k < y.length(i); ++k)
      add_scaled_row(out, from + static_cast<std::size_t>(k) * width, y.weights(i)[k], width);
  }
}

}  // namespace

void resample_levels(const ImageView& source, const AxisTaps& x, const AxisTaps& y,
                     std::uint8_t* out, std::size_t row_stride, ResampleScratch& scratch) {
  const Rows rows = horizontal_pass(source, x, y, scratch);
  const std::size_t width =
      static_cast<std::size_t>(x.count()) * static_cast<std::size_t>(source.channels);
  scratch.sums.resize(width);
  std::int32_t* sums = scratch.sums.data();
  for (int i = 0; i < y.count(); ++i, out += row_stride) {
    if (y.length(i) == 1) {
      std::memcpy(out, rows.row(y.start(i) - y.begin()), width);
      continue;
    }
    sum_rows(rows.row(y.start(i) - y.begin()), rows.stride, y.fixed(i), y.length(i), sums, out,
             width);
  }
}

void resample_values(const ImageView& source, const AxisTaps& x, const AxisTaps& y, float* out,
                     std::size_t row_stride, std::size_t plane_stride, ResampleScratch& scratch) {
  const auto width = static_cast<std::size_t>(x.count());
  scratch.values.resize(width * static_cast<std::size_t>(y.end() - y.begin()));
  for (int c = 0; c < source.channels; ++c) {
    float* squeezed = scratch.values.data();
    for (int row = y.begin(); row < y.end(); ++row, squeezed += width)
      squeeze_values(source.row(row) + c, source.channels, x, 255.0F, squeezed);
    sum_value_rows(scratch.values.data(), width, y,
                   out + static_cast<std::size_t>(c) * plane_stride, row_stride);
  }
}

void resample_plane(const float* source, int source_width, const AxisTaps& x, const AxisTaps& y,
                    float* out, ResampleScratch& scratch) {
  const auto width = static_cast<std::size_t>(x.count());
  scratch.values.resize(width * static_cast<std::size_t>(y.end() - y.begin()));
  float* squeezed = scratch.values.data();
  for (std::ptrdiff_t row = y.begin(); row < y.end(); ++row, squeezed += width)
    squeeze_values(source + row * source_width, 1, x, 1.0F, squeezed);
  sum_value_rows(scratch.values.data(), width, y, out, width);
}

}  // namespace kith::host
