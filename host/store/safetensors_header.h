// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/safetensors.h"

namespace kith::host {

/// One array as a safetensors header has it.
struct SafetensorsEntry {
  std::string name;
  DType dtype = DType::kFloat32;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  ///< bytes from the start of the data section
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  ///< by begin; they cover the data without hole or overlap
  Metadata metadata;                      ///< with the checksum, if there is one
};

/// The longest header that is read, in bytes; some 250,000 arrays fit.
inline constexpr std::uint64_t kLongestHeader = std::uint64_t{32} << 20;

/// The header's JSON, padded with blanks so that the data section begins at a multiple of 8.
/// @throws DataError if a name or a value is not UTF-8.
std::string format_safetensors_header(const SafetensorsHeader& header);

/// @param text       the header's JSON
/// @param data_size  bytes of the data section: the ranges must cover exactly these
/// @throws DataError that says what is wrong, without the file's name.
SafetensorsHeader parse_safetensors_header(std::string_view text, std::uint64_t data_size);

}  // namespace kith::host
