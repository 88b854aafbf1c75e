// SPDX-License-Identifier: Apache-2.0
#include "data/image_codec.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <kith/error.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "data/file_bytes.h"
#include "data/jpeg_segments.h"
#include "data/orientation.h"

namespace kith::host {
namespace {

enum class Format { kJpeg, kPng };

bool starts_with(std::span<const std::uint8_t> bytes, std::string_view start) {
  return bytes.size() >= start.size() &&
         std::equal(start.begin(), start.end(), bytes.begin(),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

/// What a file of another format is, by its first bytes; empty if unknown.
std::string_view other_format(std::span<const std::uint8_t> bytes) {
  if (starts_with(bytes, "GIF8")) return "GIF";
  if (starts_with(bytes, "BM")) return "BMP";
  if (starts_with(bytes, "RIFF")) return "RIFF (WebP or sound)";
  if (bytes.size() > 8 && starts_with(bytes.subspan(4), "ftyp"))
    return "HEIF (HEIC, AVIF) or video";
  if (starts_with(bytes, std::string_view("II*\0", 4))) return "TIFF";
  if (starts_with(bytes, std::string_view("MM\0*", 4))) return "TIFF";
  if (starts_with(bytes, "\x1f\x8b")) return "gzip";
  if (starts_with(bytes, "%PDF")) return "PDF";
  return {};
}

/// The first bytes, for a person: `text that begins with "path,label"`, or in hex.
std::string start_of(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t kMostText = 32, kMostBytes = 8;
  const auto is_text = [](std::uint8_t c) { return c >= 0x20 && c < 0x7F; };
  const auto end = std::find_if_not(
      bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(std::min(bytes.size(), kMostText)),
      is_text);
  const std::string text(bytes.begin(), end);
  const bool whole = end == bytes.end() || *end == '\n' || *end == '\r' || text.size() == kMostText;
  if (!text.empty() && whole) return "text that begins with \"" + text + "\"";
  std::string out = "a file that begins with the bytes";
  for (const std::uint8_t byte : bytes.first(std::min(bytes.size(), kMostBytes))) {
    char digits[4];
    std::snprintf(digits, sizeof digits, " %02x", byte);
    out += digits;
  }
  return out;
}

Format find_format(std::span<const std::uint8_t> bytes, const std::string& name) {
  if (starts_with(bytes, "\xff\xd8\xff")) return Format::kJpeg;
  if (starts_with(bytes, std::string_view("\x89PNG\r\n\x1a\n", 8))) return Format::kPng;
  std::string got = "an empty file";
  if (!bytes.empty()) {
    const std::string_view other = other_format(bytes);
    got = other.empty() ? start_of(bytes) : std::string(other);
  }
  throw DataError("data: '" + name + "': wanted a JPEG or PNG image, got " + got);
}

std::uint32_t big_endian(std::span<const std::uint8_t> bytes, std::size_t at, int count) {
  std::uint32_t value = 0;
  for (int i = 0; i < count; ++i) value = value << 8 | bytes[at + static_cast<std::size_t>(i)];
  return value;
}

ImageSize checked_size(std::uint32_t height, std::uint32_t width, bool grey,
                       const std::string& name) {
  detail::check_image_size(height, width, name);
  return {static_cast<int>(height), static_cast<int>(width), grey ? 1 : 3};
}

/// False if the bytes end before the header that has the size.
bool probe_png(std::span<const std::uint8_t> bytes, const std::string& name, ImageSize& size) {
  constexpr std::size_t kHeaderEnd = 26;  // 8 signature, 8 chunk head, width, height, depth, type
  if (bytes.size() < kHeaderEnd) return false;
  const int type = bytes[25];  // 0: grey, 4: grey and alpha
  size = checked_size(big_endian(bytes, 20, 4), big_endian(bytes, 16, 4), type == 0 || type == 4,
                      name);
  return true;
}

/// False if the bytes end before the frame header.
bool probe_jpeg(std::span<const std::uint8_t> bytes, const std::string& name, ImageSize& size) {
  JpegSegments segments(bytes);
  while (const auto segment = segments.next()) {
    if (segment->ends_headers()) {
      throw DataError("data: '" + name + "': JPEG without a frame header");
    }
    if (!segment->is_frame()) continue;
    constexpr std::size_t kFrameHeader = 6;  // precision, height, width, number of components
    const std::size_t at = segment->at;
    if (at + kFrameHeader > bytes.size()) return false;
    size = checked_size(big_endian(bytes, at + 1, 2), big_endian(bytes, at + 3, 2),
                        bytes[at + 5] == 1, name);
    return true;
  }
  return false;
}

/// False if the bytes end before what is asked for.
bool probe(std::span<const std::uint8_t> bytes, Format format, bool upright,
           const std::string& name, ImageSize& size) {
  if (!(format == Format::kJpeg ? probe_jpeg : probe_png)(bytes, name, size)) return false;
  if (!upright) return true;
  const auto orientation = find_orientation(bytes);
  if (orientation && swaps_sides(*orientation)) std::swap(size.height, size.width);
  return orientation.has_value();
}

void decode(std::span<const std::uint8_t> bytes, const std::string& name, int channels,
            const ImagePart* part, Image& out) {
  if (find_format(bytes, name) == Format::kJpeg) {
    detail::decode_jpeg(bytes, name, channels, part, out);
  } else {
    detail::decode_png(bytes, name, channels, out);
  }
}

}  // namespace

namespace detail {

void check_image_size(std::uint64_t height, std::uint64_t width, const std::string& name) {
  constexpr std::uint64_t kMaxSide = 1U << 24;
  const bool sane = height > 0 && width > 0 && height <= kMaxSide && width <= kMaxSide &&
                    height * width <= kMaxPixels;
  if (sane) return;
  throw DataError("data: '" + name + "': must have 1 to " + std::to_string(kMaxPixels) +
                  " pixels, got " + std::to_string(height) + " x " + std::to_string(width));
}

void throw_claims_too_much(const char* format, std::uint64_t height, std::uint64_t width,
                           std::size_t bytes, const std::string& name) {
  throw DataError("data: '" + name + "': damaged " + format + ": its header claims " +
                  std::to_string(height) + " x " + std::to_string(width) +
                  " pixels, more than its " + std::to_string(bytes) + " bytes can hold");
}

}  // namespace detail

void decode_image(std::span<const std::uint8_t> bytes, const std::string& name, int channels,
                  Image& out) {
  decode(bytes, name, channels, nullptr, out);
}

void decode_image_part(std::span<const std::uint8_t> bytes, const std::string& name, int channels,
                       const ImagePart& part, Image& out) {
  decode(bytes, name, channels, &part, out);
}

ImageSize probe_image(const std::filesystem::path& file, bool upright) {
  // Most headers are in the first 4 KB; a large EXIF block may come before a JPEG's frame header.
  constexpr std::size_t kFirstTry = 4096;
  const std::string name = file.string();
  std::vector<std::uint8_t> bytes = read_file(file, kFirstTry);
  const Format format = find_format(bytes, name);
  ImageSize size;
  if (probe(bytes, format, upright, name, size)) return size;
  if (bytes.size() == kFirstTry) {
    bytes = read_file(file);
    if (probe(bytes, format, upright, name, size)) return size;
  }
  throw DataError("data: '" + name + "': " + (format == Format::kJpeg ? "JPEG" : "PNG") +
                  " ends within its header, after " + std::to_string(bytes.size()) + " bytes");
}

}  // namespace kith::host
