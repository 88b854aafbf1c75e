// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace kith::host {

/// A segment of a JPEG file that has a length (ITU-T T.81, B.1.1.4).
struct JpegSegment {
  int marker = 0;      ///< Second byte of the marker: 0xC0 for SOF0.
  std::size_t at = 0;  ///< Where its contents begin, after marker and length.
  std::size_t size = 0;

  /// SOFn, which has the picture's size.
  bool is_frame() const {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
  }
  /// The scan's data or the end of the picture follows; there is no frame header behind it.
  bool ends_headers() const { return marker == 0xD9 || marker == 0xDA; }
};

/// Walks over the segments from the file's start to the first scan. Stray bytes between segments
/// are skipped, as the decoder does.
class JpegSegments {
 public:
  explicit JpegSegments(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  /// The next segment; its contents may reach beyond the bytes. Nothing if the bytes end before it.
  std::optional<JpegSegment> next();

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 2;
};

}  // namespace kith::host
