// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kith::host {

/// Height and width in pixels, channels 1 (grey) or 3 (RGB).
struct ImageSize {
  int height = 0;
  int width = 0;
  int channels = 0;

  std::size_t bytes() const {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
           static_cast<std::size_t>(channels);
  }
  friend bool operator==(const ImageSize&, const ImageSize&) = default;
};

/// A decoded picture: uint8 [height, width, channels], rows without padding.
struct Image {
  ImageSize size;
  std::vector<std::uint8_t> pixels;

  /// Sets the size and makes room for it; keeps the memory that is there already.
  void resize(const ImageSize& wanted) {
    size = wanted;
    pixels.resize(wanted.bytes());
  }
};

}  // namespace kith::host
