// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

/// The loops over a tile's pixels, each with variants for the processor that give equal bytes.
namespace kith::host {

/// 8-bit levels as floats.
void load_grey(const std::uint8_t* in, float* out, std::size_t size);
/// Red, green, blue side by side to three planes.
void load_colours(const std::uint8_t* in, float* r, float* g, float* b, std::size_t size);

/// Levels in [0, 255] to [0, 1].
void to_unit(float* values, std::size_t size);
/// To whole levels in [0, 255], halves up; NaN becomes 0.
void round_to_levels(float* values, std::size_t size);
/// To [0, 1]; NaN becomes 0.
void clip_to_unit(float* values, std::size_t size);

double sum_of(const float* values, std::size_t size);
/// The sum of Pillow's grey levels of at most 2^12 pixels, whose channels are whole levels.
std::int64_t sum_grey_levels(const float* r, const float* g, const float* b, std::size_t size);

}  // namespace kith::host
