// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "data/image.h"

namespace kith::host {

/// How a JPEG or PNG file says that its picture is to be turned: the EXIF tag 0x0112 of a JPEG's
/// APP1 segment or a PNG's eXIf chunk, 1 to 8 (Exif 2.3, 4.6.4 A). 1, upright, where there is none
/// before the picture's data, or what is there is damaged.
/// @param bytes  the beginning of the file.
/// @returns      nothing if the bytes end before that is known.
std::optional<int> find_orientation(std::span<const std::uint8_t> bytes);

/// Whether a picture with this orientation changes its height for its width.
inline bool swaps_sides(int orientation) { return orientation >= 5; }

/// Turns and mirrors a picture upright, as Pillow's ImageOps.exif_transpose.
void turn_upright(Image& image, int orientation);

}  // namespace kith::host
