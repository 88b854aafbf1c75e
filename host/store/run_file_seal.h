// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>

/// A run.h5 ends, behind the last byte of HDF5, with a line that has the SHA-256 of all before it.
///
/// HDF5 ignores what lies behind its end, and drops it when another program writes into the file.
/// HDF5 has no checksum over data, and a damaged file can crash its library (1.10.8: a double
/// free), so kith reads a sealed file only if it is whole.
namespace kith::host {

/// Bytes of the seal.
inline constexpr std::size_t kSealSize = 78;

/// Appends the seal to a closed file.
void append_seal(const std::filesystem::path& path);

/// True if the file has a seal and fits it; false if it has none, since another program wrote to
/// it.
/// @throws DataError, without the file's name, if the content does not fit the seal.
bool check_seal(const std::filesystem::path& path);

}  // namespace kith::host
