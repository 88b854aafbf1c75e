// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace kith::host {

/// Pixels of a picture that someone else owns: uint8 [height, width, channels], rows without
/// padding.
struct ImageView {
  const std::uint8_t* pixels = nullptr;
  int height = 0;
  int width = 0;
  int channels = 0;

  std::size_t row_bytes() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  }
  const std::uint8_t* row(int y) const {
    return pixels + static_cast<std::size_t>(y) * row_bytes();
  }
};

}  // namespace kith::host
