// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "data/image.h"

namespace kith::host {

/// A box of whole pixels of an image; px.
struct ImagePart {
  int top = 0;
  int left = 0;
  int height = 0;
  int width = 0;

  int bottom() const { return top + height; }  ///< the first row behind it
  int right() const { return left + width; }   ///< the first column behind it
  bool empty() const { return height <= 0 || width <= 0; }
  friend bool operator==(const ImagePart&, const ImagePart&) = default;
};

inline ImagePart whole_of(const ImageSize& size) { return {0, 0, size.height, size.width}; }

/// Whether the part lies within an image of this size.
inline bool fits(const ImagePart& part, const ImageSize& size) {
  return part.top >= 0 && part.left >= 0 && !part.empty() && part.bottom() <= size.height &&
         part.right() <= size.width;
}

/// The smallest box that holds both.
inline ImagePart around(const ImagePart& a, const ImagePart& b) {
  if (a.empty() || b.empty()) return a.empty() ? b : a;
  const int top = std::min(a.top, b.top), left = std::min(a.left, b.left);
  return {top, left, std::max(a.bottom(), b.bottom()) - top, std::max(a.right(), b.right()) - left};
}

}  // namespace kith::host
