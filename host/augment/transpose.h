// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>

namespace kith::host {

/// Exchanges rows and columns: in[height, width, kChannels] becomes out[width, height, kChannels],
/// other memory. In squares, so that what is read and what is written stays in the cache.
template <std::size_t kChannels, class T>
void transpose(const T* in, std::size_t height, std::size_t width, T* out) {
  constexpr std::size_t kSide = 16;
  for (std::size_t top = 0; top < height; top += kSide)
    for (std::size_t left = 0; left < width; left += kSide)
      for (std::size_t y = top; y < std::min(top + kSide, height); ++y)
        for (std::size_t x = left; x < std::min(left + kSide, width); ++x)
          for (std::size_t c = 0; c < kChannels; ++c)
            out[(x * height + y) * kChannels + c] = in[(y * width + x) * kChannels + c];
}

}  // namespace kith::host
