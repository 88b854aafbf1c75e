// SPDX-License-Identifier: Apache-2.0
#include "augment/axis_taps.h"

#include <algorithm>
#include <cmath>

namespace kith::host {
namespace {

double bilinear(double x) {
  x = std::abs(x);
  return x < 1 ? 1 - x : 0;
}

/// Keys' cubic convolution with a = -0.5.
double bicubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

double support_of(ResizeFilter filter) { return filter == ResizeFilter::kBilinear ? 1 : 2; }

/// The filter over one output pixel. Relative to the first pixel of the box, so that a crop gives
/// the same bits as its copy would.
struct Placed {
  Placed(const Axis& axis, ResizeFilter filter, int out) {
    const double origin = std::floor(axis.box_start);
    const double scale = axis.box_size / axis.out_size;
    widening = std::max(scale, 1.0);
    const double support = support_of(filter) * widening;
    center = axis.box_start - origin + (out + 0.5) * scale;
    offset = static_cast<int>(origin);
    low = std::max(axis.low - offset, static_cast<int>(std::floor(center - support + 0.5)));
    high = std::min(axis.high - offset, static_cast<int>(std::floor(center + support + 0.5)));
  }
  double widening, center;
  int offset;     ///< of the box's first pixel
  int low, high;  ///< pixels that it covers, counted from there
};

}  // namespace

bool Axis::is_copy() const { return box_size == out_size && box_start == std::floor(box_start); }

PixelRange read_range(const Axis& axis, ResizeFilter filter) {
  if (axis.is_copy()) {
    const int begin = static_cast<int>(axis.box_start) + axis.first;
    return {begin, begin + axis.count};
  }
  const Placed first(axis, filter, axis.first), last(axis, filter, axis.first + axis.count - 1);
  return {first.offset + first.low, last.offset + last.high};
}

void AxisTaps::compute(const Axis& axis, ResizeFilter filter) {
  const auto count = static_cast<std::size_t>(axis.count);
  const double widening = std::max(axis.box_size / axis.out_size, 1.0);
  width_ = static_cast<std::size_t>(std::ceil(support_of(filter) * widening)) * 2 + 1;
  start_.resize(count);
  length_.resize(count);
  fixed_.resize(count * width_);
  weights_.resize(count * width_);
  exact_.resize(width_);
  is_copy_ = axis.is_copy() && !axis.mirrored;
  if (axis.is_copy()) {
    const int offset = static_cast<int>(axis.box_start) + axis.first;
    for (int i = 0; i < axis.count; ++i) {
      const auto slot = static_cast<std::size_t>(i);
      start_[slot] = offset + (axis.mirrored ? axis.count - 1 - i : i);
      length_[slot] = 1;
      fixed_[slot * width_] = 1 << kFractionBits;
      weights_[slot * width_] = 1;
    }
    begin_ = offset;
    end_ = offset + axis.count;
    return;
  }
  begin_ = axis.high;
  end_ = axis.low;
  for (int i = 0; i < axis.count; ++i) {
    const int slot = axis.mirrored ? axis.count - 1 - i : i;
    compute_pixel(axis, filter, axis.first + i, slot);
    begin_ = std::min(begin_, start(slot));
    end_ = std::max(end_, start(slot) + length(slot));
  }
}

void AxisTaps::compute_pixel(const Axis& axis, ResizeFilter filter, int out, int slot) {
  const Placed placed(axis, filter, out);
  const int length = placed.high - placed.low;
  double sum = 0;
  for (int i = 0; i < length; ++i) {
    const double x = (i + placed.low - placed.center + 0.5) * (1.0 / placed.widening);
    sum += exact_[static_cast<std::size_t>(i)] =
        filter == ResizeFilter::kBilinear ? bilinear(x) : bicubic(x);
  }
  const std::size_t at = static_cast<std::size_t>(slot) * width_;
  for (int i = 0; i < length; ++i) {
    const double weight = sum == 0 ? 0 : exact_[static_cast<std::size_t>(i)] / sum;
    const double scaled = weight * (1 << kFractionBits);
    fixed_[at + static_cast<std::size_t>(i)] =
        static_cast<std::int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    weights_[at + static_cast<std::size_t>(i)] = static_cast<float>(weight);
  }
  start_[static_cast<std::size_t>(slot)] = placed.low + placed.offset;
  length_[static_cast<std::size_t>(slot)] = length;
}

}  // namespace kith::host
