// SPDX-License-Identifier: Apache-2.0
#include "data/jpeg_segments.h"

#include <algorithm>

namespace kith::host {

std::optional<JpegSegment> JpegSegments::next() {
  while (at_ + 4 <= bytes_.size()) {
    const int marker = bytes_[at_ + 1];
    if (bytes_[at_] != 0xFF || marker == 0xFF || marker == 0x00) {
      ++at_;
      continue;
    }
    if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8)) {  // no length follows
      at_ += 2;
      continue;
    }
    const std::size_t length = std::size_t{bytes_[at_ + 2]} << 8 | bytes_[at_ + 3];
    const JpegSegment segment{marker, at_ + 4, std::max<std::size_t>(length, 2) - 2};
    at_ = segment.at + segment.size;
    return segment;
  }
  return std::nullopt;
}

}  // namespace kith::host
