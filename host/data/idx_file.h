// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace kith::host {

/// What the first bytes of an IDX file say: big-endian, two zero bytes, the type, the number of
/// dimensions, then each extent in four bytes.
struct IdxHeader {
  std::vector<std::int64_t> extents;
  std::size_t header_bytes = 0;
  std::size_t data_bytes = 0;
};

/// Reads the header of an IDX file of unsigned bytes (type 8), packed with gzip or not.
/// @throws DataError if it is none, an extent is 0, or the file is too short to hold the data.
IdxHeader read_idx_header(const std::filesystem::path& file);

/// Reads the values, row-major.
/// @throws DataError as read_idx_header, and if bytes lack or are left over.
std::vector<std::uint8_t> read_idx_values(const std::filesystem::path& file);

}  // namespace kith::host
