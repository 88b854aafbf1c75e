// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace kith::host {

inline constexpr std::size_t kWholeFile = std::numeric_limits<std::size_t>::max();

/// The first `limit` bytes of a file, or all of a shorter one.
/// @throws DataError that names the file and the system's reason.
std::vector<std::uint8_t> read_file(const std::filesystem::path& file,
                                    std::size_t limit = kWholeFile);

/// Unpacks gzip data, of several members too, and stops after `limit` bytes (then the rest goes
/// unchecked). `file` is for messages.
/// @throws DataError if the data is damaged or ends early.
std::vector<std::uint8_t> unpack_gzip(std::span<const std::uint8_t> packed, std::size_t limit,
                                      const std::filesystem::path& file);

/// SHA-256 of a file, read in pieces, as 64 lower-case hex digits.
/// @throws DataError as read_file.
std::string sha256_file(const std::filesystem::path& file);
/// The first 8 bytes of a text's SHA-256 as a big-endian number.
std::uint64_t sha256_prefix(const std::string& text);

/// @throws DataError that names the nearest folder that exists, if `folder` is no folder.
void check_folder(const std::filesystem::path& folder);

}  // namespace kith::host
