// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kith::host {

enum class ResizeFilter { kBilinear, kBicubic };

/// One direction of a resize: a box of the input becomes `out_size` pixels, of which `count` from
/// `first` on are made, mirrored or not.
struct Axis {
  double box_start = 0;  ///< px of the input; pixel i covers [i, i + 1)
  double box_size = 0;
  int low = 0;   ///< first input pixel that may be read
  int high = 0;  ///< one behind the last
  int out_size = 0;
  int first = 0;
  int count = 0;
  bool mirrored = false;

  /// Whether every output pixel is one input pixel.
  bool is_copy() const;
};

/// Input pixels from `begin` to before `end`.
struct PixelRange {
  int begin = 0;
  int end = 0;
};

/// What AxisTaps reads of the input for an axis that makes at least one pixel.
PixelRange read_range(const Axis& axis, ResizeFilter filter);

/// How each output pixel of an axis is summed up from input pixels. Pillow's rule (see
/// golden/README.md): the filter widens with the reduction, weights are normalised in double, and
/// for 8-bit arithmetic rounded half away from zero to 22 fraction bits.
class AxisTaps {
 public:
  static constexpr int kFractionBits = 22;

  /// Keeps the memory that is there. The axis makes at least one pixel, and of each the filter
  /// covers at least one that may be read.
  void compute(const Axis& axis, ResizeFilter filter);

  int count() const { return static_cast<int>(start_.size()); }
  int start(int out) const { return start_[static_cast<std::size_t>(out)]; }
  int length(int out) const { return length_[static_cast<std::size_t>(out)]; }
  const std::int32_t* fixed(int out) const {
    return fixed_.data() + static_cast<std::size_t>(out) * width_;
  }
  const float* weights(int out) const {
    return weights_.data() + static_cast<std::size_t>(out) * width_;
  }
  /// Input pixels that are read at all.
  int begin() const { return begin_; }
  int end() const { return end_; }
  /// Whether every output pixel is the input pixel of the same position, counted from `begin`.
  bool is_copy() const { return is_copy_; }

 private:
  void compute_pixel(const Axis& axis, ResizeFilter filter, int out, int slot);

  std::size_t width_ = 0;
  std::vector<int> start_, length_;
  std::vector<std::int32_t> fixed_;
  std::vector<float> weights_;
  std::vector<double> exact_;
  int begin_ = 0, end_ = 0;
  bool is_copy_ = false;
};

}  // namespace kith::host
