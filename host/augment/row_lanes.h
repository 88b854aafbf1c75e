// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kith::host {

/// Lays rows of bytes side by side and parts them again: what is computed along a row is then
/// computed for all of them at once, in vector code. Memory of one thread; grows to what is needed.
class RowLanes {
 public:
  /// Rows that lie side by side.
  static constexpr std::size_t kLanes = 32;
  using Rows = std::array<const std::uint8_t*, kLanes>;

  /// Makes room for rows of up to `size` bytes; to be called first.
  void make_room(std::size_t size);

  /// Byte i of row r becomes byte i * kLanes + r. A row may be given more than once.
  /// @returns  [size, kLanes]; lost with the next `lay`
  const std::uint8_t* lay(const Rows& rows, std::size_t size);

  /// Where the lanes that `part` takes are to be written.
  std::uint8_t* result() { return second_.data(); }

  /// Byte i * kLanes + r of `result`, [size, kLanes], becomes byte i of row r.
  /// @param rows  [kLanes, size]
  void part(std::size_t size, std::uint8_t* rows);

 private:
  std::vector<std::uint8_t> first_, second_, spare_;
};

}  // namespace kith::host
