// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kith::host {

/// Bytes that are looked at here and there, of a file that may be larger than memory should hold.
/// [one thread]
class ByteReader {
 public:
  ByteReader() = default;
  ByteReader(ByteReader&&) = default;
  ByteReader& operator=(ByteReader&&) = default;
  virtual ~ByteReader() = default;

  virtual std::uint64_t size() const = 0;
  /// Copies what begins at `offset` to `out`; both ends lie within the size.
  virtual void read(std::uint64_t offset, std::span<std::byte> out) const = 0;
};

/// Bytes in memory, which must outlive it.
class MemoryReader : public ByteReader {
 public:
  explicit MemoryReader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    const auto piece = bytes_.subspan(offset, out.size());
    std::copy(piece.begin(), piece.end(), out.begin());
  }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace kith::host
