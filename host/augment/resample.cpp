// SPDX-License-Identifier: Apache-2.0
#include "augment/resample.h"

#include <algorithm>
#include <cstring>
#include <kith/cpu_variants.hpp>

namespace kith::host {
namespace {

constexpr std::int32_t kHalf = 1 << (AxisTaps::kFractionBits - 1);

std::uint8_t to_level(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> AxisTaps::kFractionBits, 0, 255));
}

template <int kChannels>
void squeeze_row(const std::uint8_t* in, const AxisTaps& taps, std::uint8_t* out) {
  for (int x = 0; x < taps.count(); ++x) {
    const std::uint8_t* pixel = in + static_cast<std::ptrdiff_t>(taps.start(x)) * kChannels;
    const std::int32_t* weights = taps.fixed(x);
    std::int32_t sum[kChannels];
    for (int c = 0; c < kChannels; ++c) sum[c] = kHalf;
    for (int i = 0; i < taps.length(x); ++i)
      for (int c = 0; c < kChannels; ++c) sum[c] += weights[i] * pixel[i * kChannels + c];
    for (int c = 0; c < kChannels; ++c) *out++ = to_level(sum[c]);
  }
}

KITH_CPU_VARIANTS void add_row(std::int32_t* sums, const std::uint8_t* row, std::int32_t weight,
                               std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) sums[i] += weight * static_cast<std::int32_t>(row[i]);
}

KITH_CPU_VARIANTS void write_row(const std::int32_t* sums, std::uint8_t* out, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    std::int32_t level = sums[i] >> AxisTaps::kFractionBits;
    level = level > 0 ? level : 0;
    out[i] = static_cast<std::uint8_t>(level < 255 ? level : 255);
  }
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
  const std::size_t stride = static_cast<std::size_t>(x.count()) * channels;
  scratch.rows.resize(stride * static_cast<std::size_t>(y.end() - y.begin()));
  std::uint8_t* out = scratch.rows.data();
  for (int row = y.begin(); row < y.end(); ++row, out += stride) {
    if (source.channels == 3) {
      squeeze_row<3>(source.row(row), x, out);
    } else {
      squeeze_row<1>(source.row(row), x, out);
    }
  }
  return {scratch.rows.data(), stride};
}

KITH_CPU_VARIANTS void scale_row(float* out, const float* in, float weight, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) out[i] = weight * in[i];
}

KITH_CPU_VARIANTS void add_scaled_row(float* out, const float* in, float weight, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) out[i] += weight * in[i];
}

/// Channel c of a row, squeezed, in [0, 1].
void squeeze_values(const std::uint8_t* in, std::ptrdiff_t channels, std::ptrdiff_t c,
                    const AxisTaps& taps, float* out) {
  for (int x = 0; x < taps.count(); ++x) {
    const std::uint8_t* pixel = in + taps.start(x) * channels + c;
    const float* weights = taps.weights(x);
    float sum = 0;
    for (std::ptrdiff_t i = 0; i < taps.length(x); ++i)
      sum += weights[i] * static_cast<float>(pixel[i * channels]);
    out[x] = sum / 255.0F;
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
    std::fill(sums, sums + width, kHalf);
    for (int k = 0; k < y.length(i); ++k)
      add_row(sums, rows.row(y.start(i) - y.begin() + k), y.fixed(i)[k], width);
    write_row(sums, out, width);
  }
}

void resample_values(const ImageView& source, const AxisTaps& x, const AxisTaps& y, float* out,
                     std::size_t row_stride, std::size_t plane_stride, ResampleScratch& scratch) {
  const auto width = static_cast<std::size_t>(x.count());
  scratch.values.resize(width * static_cast<std::size_t>(y.end() - y.begin()));
  for (int c = 0; c < source.channels; ++c) {
    float* squeezed = scratch.values.data();
    for (int row = y.begin(); row < y.end(); ++row, squeezed += width)
      squeeze_values(source.row(row), source.channels, c, x, squeezed);
    float* to = out + static_cast<std::size_t>(c) * plane_stride;
    for (int i = 0; i < y.count(); ++i, to += row_stride) {
      const float* from =
          scratch.values.data() + static_cast<std::size_t>(y.start(i) - y.begin()) * width;
      scale_row(to, from, y.weights(i)[0], width);
      for (int k = 1; k < y.length(i); ++k)
        add_scaled_row(to, from + static_cast<std::size_t>(k) * width, y.weights(i)[k], width);
    }
  }
}

}  // namespace kith::host
