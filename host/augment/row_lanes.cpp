// SPDX-License-Identifier: Apache-2.0
#include "augment/row_lanes.h"

#include <algorithm>
#include <kith/cpu_variants.hpp>
#include <utility>

namespace kith::host {
namespace {

/// Bytes of each row that are laid at a time.
constexpr std::size_t kPiece = 128;

/// a0 b0 a1 b1 ...
KITH_CPU_VARIANTS void zip(const std::uint8_t* a, const std::uint8_t* b,
                           std::uint8_t* __restrict out, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    out[2 * i] = a[i];
    out[2 * i + 1] = b[i];
  }
}

KITH_CPU_VARIANTS void unzip(const std::uint8_t* __restrict in, std::uint8_t* __restrict a,
                             std::uint8_t* __restrict b, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    a[i] = in[2 * i];
    b[i] = in[2 * i + 1];
  }
}

}  // namespace

void RowLanes::make_room(std::size_t size) {
  if (first_.size() >= size * kLanes) return;
  first_.resize(size * kLanes);
  second_.resize(size * kLanes);
  spare_.resize(kPiece * kLanes);
}

// In pieces that stay in the nearest cache. Row r meets row r + kLanes / 2, what comes of it the
// one that lies half of the rest away, and so on: after log2(kLanes) rounds, an even number of them
// between the two buffers, byte i of all rows stands together, in their order.
const std::uint8_t* RowLanes::lay(const Rows& rows, std::size_t size) {
  for (std::size_t begin = 0; begin < size; begin += kPiece) {
    std::size_t length = std::min(kPiece, size - begin);
    std::uint8_t *from = first_.data() + begin * kLanes, *to = spare_.data();
    std::size_t strips = kLanes / 2;
    for (std::size_t r = 0; r < strips; ++r)
      zip(rows[r] + begin, rows[r + strips] + begin, from + r * 2 * length, length);
    while (strips > 1) {
      strips /= 2;
      length *= 2;
      for (std::size_t r = 0; r < strips; ++r)
        zip(from + r * length, from + (r + strips) * length, to + r * 2 * length, length);
      std::swap(from, to);
    }
  }
  return first_.data();
}

void RowLanes::part(std::size_t size, std::uint8_t* rows) {
  for (std::size_t begin = 0; begin < size; begin += kPiece) {
    const std::size_t piece = std::min(kPiece, size - begin);
    std::uint8_t *from = second_.data() + begin * kLanes, *to = spare_.data();
    std::size_t length = piece * kLanes / 2;
    for (std::size_t strips = 1; strips < kLanes / 2; strips *= 2, length /= 2) {
      for (std::size_t r = 0; r < strips; ++r)
        unzip(from + r * 2 * length, to + r * length, to + (r + strips) * length, length);
      std::swap(from, to);
    }
    std::uint8_t* out = rows + begin;
    for (std::size_t r = 0; r < kLanes / 2; ++r)
      unzip(from + r * 2 * piece, out + r * size, out + (r + kLanes / 2) * size, piece);
  }
}

}  // namespace kith::host
