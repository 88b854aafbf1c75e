// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "data/image.h"
#include "data/image_part.h"

namespace kith::host {

/// A picture with more pixels is refused (Pillow refuses 1.8e8).
inline constexpr std::size_t kMaxPixels = std::size_t{1} << 28;

/// Decodes a JPEG or PNG file, told apart by its first bytes, to `channels` (1 or 3) channels.
///
/// JPEG as libjpeg-turbo does it by default (accurate integer DCT, fancy upsampling); CMYK as
/// Pillow. PNG: palettes are looked up, alpha is dropped (as Pillow's convert("RGB")), of 16 bits
/// the upper 8 are taken. Grey is repeated; colour becomes grey as (19595 R + 38470 G + 7471 B +
/// 32768)
/// >> 16. Orientation tags, gamma and colour profiles are ignored. Nothing is written to stderr.
///
/// @param name  names the picture in messages.
/// @throws DataError if the data is of another format, damaged or incomplete. A JPEG that only
///                   lacks its end marker is accepted.
void decode_image(std::span<const std::uint8_t> bytes, const std::string& name, int channels,
                  Image& out);

/// As decode_image, but only the pixels of `part` are sure to be decoded: the others of `out`,
/// which has the whole picture's size, may be anything. Damage that lies behind the part may go
/// unnoticed. JPEGs are read no further than needed; of a PNG, and where the picture does not hold
/// the part, all is decoded.
void decode_image_part(std::span<const std::uint8_t> bytes, const std::string& name, int channels,
                       const ImagePart& part, Image& out);

/// Reads the size of a JPEG or PNG file from its header; `channels` is 1 for grey, else 3.
/// @param upright  true: the size after turn_upright.
/// @throws DataError as decode_image.
ImageSize probe_image(const std::filesystem::path& file, bool upright = false);

/// (19595 R + 38470 G + 7471 B + 32768) >> 16 (ITU-R 601, as Pillow).
inline std::uint8_t grey_of(const std::uint8_t* rgb) {
  const std::uint32_t sum = 19595U * rgb[0] + 38470U * rgb[1] + 7471U * rgb[2] + 32768U;
  return static_cast<std::uint8_t>(sum >> 16);
}

namespace detail {

/// The decoders behind decode_image, for data that begins as their format does.
/// @param part  as for decode_image_part; null: all.
void decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& name, int channels,
                 const ImagePart* part, Image& out);
void decode_png(std::span<const std::uint8_t> bytes, const std::string& name, int channels,
                Image& out);
/// @throws DataError for a picture without pixels or with more than kMaxPixels.
void check_image_size(std::uint64_t height, std::uint64_t width, const std::string& name);
/// Refuses a header that claims more pixels than the file's bytes can hold, before there is memory
/// for them. @throws DataError
[[noreturn]] void throw_claims_too_much(const char* format, std::uint64_t height,
                                        std::uint64_t width, std::size_t bytes,
                                        const std::string& name);

}  // namespace detail
}  // namespace kith::host
