// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

/// The loops over a tile's pixels, each with variants for the processor that give equal bytes.
namespace kith::host {

/// Pixels `first` to before `first + size` of 8-bit levels, of 1 or 3 channels side by side, as
/// floats to one plane a channel.
void load_levels(const std::uint8_t* levels, float* const* planes, std::size_t channels,
                 std::size_t first, std::size_t size);

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
