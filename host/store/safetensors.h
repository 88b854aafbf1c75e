// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "store/array.h"

namespace kith::host {

/// The metadata key under which a file that Kith wrote carries its checksum: the SHA-256 of the
/// whole file with the 64 digits of this value replaced by zeros.
inline constexpr const char* kChecksumKey = "kith.sha256";

using ArrayViews = std::map<std::string, ArrayView>;
using Metadata = std::map<std::string, std::string>;

/// All of one safetensors file.
struct SafetensorsContent {
  std::map<std::string, Array> arrays;
  Metadata metadata;  ///< without the checksum
};

enum class Checksum {
  kRequired,   ///< a file without one is refused: what Kith itself writes
  kIfPresent,  ///< a file without one is read: what other programs write
};

/// Writes a safetensors file that appears complete, durable and with a checksum, or not at all.
///
/// Python's `safetensors` reads it. Arrays lie by falling element size, then by name, without
/// holes.
/// @throws DataError if a name or a value is not UTF-8, or is one that the format keeps for itself,
///         and when writing fails; the file that was there before stays.
void write_safetensors(const std::filesystem::path& path, const ArrayViews& arrays,
                       const Metadata& metadata);

/// Reads a safetensors file and checks all of it: header, ranges, coverage, checksum.
///
/// Memory stays in proportion to the file's true size, whatever its header claims.
/// @throws DataError that names the file and what is wrong with it.
SafetensorsContent read_safetensors(const std::filesystem::path& path,
                                    Checksum checksum = Checksum::kRequired);

}  // namespace kith::host
