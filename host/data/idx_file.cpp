// SPDX-License-Identifier: Apache-2.0
#include "data/idx_file.h"

#include <algorithm>
#include <kith/error.hpp>
#include <string>

#include "data/file_bytes.h"

namespace kith::host {
namespace {

constexpr std::size_t kMaxDimensions = 8;
constexpr std::size_t kMaxHeader = 4 + 4 * kMaxDimensions;
constexpr std::uint8_t kUnsignedByte = 0x08;

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& what) {
  throw DataError("idx: '" + file.string() + "': " + what);
}

bool is_gzip(const std::vector<std::uint8_t>& bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B;
}

/// The first `limit` unpacked bytes.
std::vector<std::uint8_t> read_start(const std::filesystem::path& file, std::size_t limit) {
  // A few KB of gzip data hold a header of any sensible file; data that ends early is found again,
  // and reported, when all of it is read.
  constexpr std::size_t kEnough = 1U << 16;
  const std::vector<std::uint8_t> bytes = read_file(file, std::max(limit, kEnough));
  if (is_gzip(bytes)) return unpack_gzip(bytes, limit, file);
  return {bytes.begin(),
          bytes.begin() + static_cast<std::ptrdiff_t>(std::min(limit, bytes.size()))};
}

IdxHeader parse_header(const std::vector<std::uint8_t>& bytes, const std::filesystem::path& file) {
  if (bytes.size() < 4) {
    fail(file, "must begin with the 4 bytes of an IDX header, got " + std::to_string(bytes.size()) +
                   " bytes");
  }
  if (bytes[0] != 0 || bytes[1] != 0) fail(file, "is no IDX file: its first two bytes must be 0");
  if (bytes[2] != kUnsignedByte) {
    fail(file, "must hold unsigned bytes (type 8), got type " + std::to_string(bytes[2]));
  }
  const std::size_t dimensions = bytes[3];
  if (dimensions == 0 || dimensions > kMaxDimensions) {
    fail(file, "must have 1 to " + std::to_string(kMaxDimensions) + " dimensions, got " +
                   std::to_string(dimensions));
  }
  IdxHeader header;
  header.header_bytes = 4 + 4 * dimensions;
  if (bytes.size() < header.header_bytes) {
    fail(file, "ends within its header, after " + std::to_string(bytes.size()) + " bytes");
  }
  std::uint64_t values = 1;
  for (std::size_t at = 4; at < header.header_bytes; at += 4) {
    const std::uint64_t extent =
        std::uint64_t{bytes[at]} << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
    if (extent == 0) fail(file, "is empty: an extent is 0");
    if (values > (std::uint64_t{1} << 40) / extent) fail(file, "claims more than 2^40 values");
    values *= extent;
    header.extents.push_back(static_cast<std::int64_t>(extent));
  }
  header.data_bytes = static_cast<std::size_t>(values);
  return header;
}

/// gzip packs at most 1032 to 1, so a file far too short for what it claims is known unread.
void check_claim(const IdxHeader& header, bool packed, const std::filesystem::path& file) {
  const std::uint64_t on_disk = std::filesystem::file_size(file);
  const std::uint64_t most = packed ? on_disk * 1032 + 1024 : on_disk;
  const std::uint64_t wanted = header.header_bytes + header.data_bytes;
  if (wanted <= most) return;
  fail(file, "must have " + std::to_string(wanted) + " bytes by its header, got " +
                 std::to_string(on_disk) + (packed ? " packed bytes" : ""));
}

}  // namespace

IdxHeader read_idx_header(const std::filesystem::path& file) {
  const IdxHeader header = parse_header(read_start(file, kMaxHeader), file);
  check_claim(header, is_gzip(read_file(file, 2)), file);
  return header;
}

std::vector<std::uint8_t> read_idx_values(const std::filesystem::path& file) {
  const IdxHeader header = read_idx_header(file);
  const std::size_t wanted = header.header_bytes + header.data_bytes;
  std::vector<std::uint8_t> bytes = read_file(file);
  if (is_gzip(bytes)) bytes = unpack_gzip(bytes, wanted + 1, file);
  if (bytes.size() < wanted) {
    fail(file, "must have " + std::to_string(wanted) + " bytes by its header, got " +
                   std::to_string(bytes.size()));
  }
  if (bytes.size() > wanted) {
    fail(file, "must have " + std::to_string(wanted) + " bytes by its header, has more");
  }
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(header.header_bytes));
  return bytes;
}

}  // namespace kith::host
