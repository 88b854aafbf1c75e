// SPDX-License-Identifier: Apache-2.0
#include "data/orientation.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "data/jpeg_segments.h"

namespace kith::host {
namespace {

using Bytes = std::span<const std::uint8_t>;

bool starts_with(Bytes bytes, std::string_view start) {
  return bytes.size() >= start.size() &&
         std::equal(start.begin(), start.end(), bytes.begin(),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

/// A TIFF structure, in which EXIF is written; numbers beyond its end are 0.
struct Tiff {
  Bytes bytes;
  bool little = false;

  std::uint32_t number(std::size_t at, std::size_t size) const {
    if (at > bytes.size() || bytes.size() - at < size) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value = value << 8 | bytes[little ? at + size - 1 - i : at + i];
    }
    return value;
  }
};

/// The tag in the first directory (TIFF 6.0, section 2).
int orientation_of(Bytes exif) {
  Tiff tiff{exif, starts_with(exif, std::string_view("II*\0", 4))};
  if (!tiff.little && !starts_with(exif, std::string_view("MM\0*", 4))) return 1;
  const std::size_t directory = tiff.number(4, 4);
  const std::uint32_t entries = tiff.number(directory, 2);
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + std::size_t{12} * i;
    constexpr std::uint32_t kOrientation = 0x0112, kShort = 3;
    if (tiff.number(entry, 2) != kOrientation) continue;
    const std::uint32_t value = tiff.number(entry + 2, 2) == kShort ? tiff.number(entry + 8, 2) : 0;
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

std::optional<int> orientation_of_jpeg(Bytes bytes) {
  constexpr int kApp1 = 0xE1;
  constexpr std::string_view kExif("Exif\0\0", 6);
  JpegSegments segments(bytes);
  while (const auto segment = segments.next()) {
    if (segment->is_frame() || segment->ends_headers()) return 1;
    if (segment->marker != kApp1) continue;
    if (segment->at + segment->size > bytes.size()) return std::nullopt;
    const Bytes contents = bytes.subspan(segment->at, segment->size);
    if (starts_with(contents, kExif)) return orientation_of(contents.subspan(kExif.size()));
  }
  return std::nullopt;
}

std::optional<int> orientation_of_png(Bytes bytes) {
  constexpr std::size_t kSignature = 8, kHead = 8, kChecksum = 4;
  const Tiff numbers{bytes};  // for its big-endian numbers
  for (std::size_t at = kSignature; at + kHead <= bytes.size();) {
    const std::size_t size = numbers.number(at, 4);
    const Bytes name = bytes.subspan(at + 4, 4);
    if (starts_with(name, "IDAT") || starts_with(name, "IEND")) return 1;
    if (starts_with(name, "eXIf")) {
      if (size > bytes.size() - at - kHead) return std::nullopt;
      return orientation_of(bytes.subspan(at + kHead, size));
    }
    at += kHead + size + kChecksum;
  }
  return std::nullopt;
}

}  // namespace

std::optional<int> find_orientation(Bytes bytes) {
  if (starts_with(bytes, "\xff\xd8\xff")) return orientation_of_jpeg(bytes);
  return orientation_of_png(bytes);
}

void turn_upright(Image& image, int orientation) {
  if (orientation <= 1) return;
  const bool swap = swaps_sides(orientation);
  const bool flip_rows =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool flip_columns =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const auto height = static_cast<std::size_t>(image.size.height);
  const auto width = static_cast<std::size_t>(image.size.width);
  const auto channels = static_cast<std::size_t>(image.size.channels);
  std::vector<std::uint8_t> turned(image.pixels.size());
  std::uint8_t* out = turned.data();
  for (std::size_t y = 0; y < (swap ? width : height); ++y) {
    for (std::size_t x = 0; x < (swap ? height : width); ++x, out += channels) {
      std::size_t row = swap ? x : y, column = swap ? y : x;
      if (flip_rows) row = height - 1 - row;
      if (flip_columns) column = width - 1 - column;
      std::copy_n(image.pixels.data() + (row * width + column) * channels, channels, out);
    }
  }
  image.pixels.swap(turned);
  if (swap) std::swap(image.size.height, image.size.width);
}

}  // namespace kith::host
