// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/abi/augmentation.h>

#include <cstddef>
#include <cstdint>

#include "augment/axis_taps.h"
#include "config/experiment.h"

namespace kith::host {

/// KITH_ARITHMETIC_*, as plugins are told.
constexpr std::uint32_t to_abi(Arithmetic arithmetic) {
  switch (arithmetic) {
    case Arithmetic::kPillow8:
      return KITH_ARITHMETIC_PILLOW8;
    case Arithmetic::kTensorflow:
      return KITH_ARITHMETIC_TENSORFLOW;
    default:
      return KITH_ARITHMETIC_FLOAT;
  }
}

/// What a finished view is.
struct ViewSpec {
  int height = 0;    ///< px
  int width = 0;     ///< px
  int channels = 0;  ///< 1 (grey) or 3 (RGB), the images' own
  Arithmetic arithmetic = Arithmetic::kPillow8;
  /// Layout of the floats: [height, width, channels], else [channels, height, width].
  bool channels_last = false;
  /// An image that the geometry of the augmentations leaves at another size than the view's is
  /// resized, antialiased, until its shorter side has this many px (0: the view's), and cropped in
  /// the middle, as torchvision's Resize and CenterCrop. With a number other than 0 always
  /// (evaluation).
  int resize = 0;
  ResizeFilter resize_filter = ResizeFilter::kBilinear;

  std::size_t pixels() const {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  }
  std::size_t floats() const { return pixels() * static_cast<std::size_t>(channels); }
};

}  // namespace kith::host
