// SPDX-License-Identifier: Apache-2.0
#include "plugin/note_entries.h"

namespace kith::host {
namespace {

constexpr std::size_t kMaxTextBytes = 4096;

/// Bytes of the UTF-8 sequence at the beginning, 0 if it is none.
std::size_t utf8_length(std::span<const std::byte> bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned>(bytes[i]); };
  const unsigned lead = at(0);
  const std::size_t length = lead < 0x80                    ? 1
                             : lead >= 0xc2 && lead <= 0xdf ? 2
                             : (lead & 0xf0) == 0xe0        ? 3
                             : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                            : 0;
  if (length == 0 || length > bytes.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((at(i) & 0xc0) != 0x80) return 0;
  if (lead == 0xe0 && at(1) < 0xa0) return 0;   // written longer than need be
  if (lead == 0xed && at(1) >= 0xa0) return 0;  // half of a UTF-16 pair
  if (lead == 0xf0 && at(1) < 0x90) return 0;
  if (lead == 0xf4 && at(1) >= 0x90) return 0;
  return length;
}

}  // namespace

std::uint32_t note_u32(std::span<const std::byte> bytes) {
  if (bytes.size() < 4) throw NoteError("a number is cut off");
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i)
    value = value << 8 | static_cast<std::uint32_t>(bytes[static_cast<std::size_t>(i)]);
  return value;
}

std::uint64_t note_u64(std::span<const std::byte> bytes) {
  if (bytes.size() < 8) throw NoteError("a number is cut off");
  return std::uint64_t{note_u32(bytes.subspan(4))} << 32 | note_u32(bytes);
}

std::string note_text(std::span<const std::byte> bytes) {
  if (bytes.size() > kMaxTextBytes)
    throw NoteError("a text has " + std::to_string(bytes.size()) + " bytes");
  for (std::size_t i = 0; i < bytes.size();) {
    const auto byte = static_cast<unsigned>(bytes[i]);
    const std::size_t length = utf8_length(bytes.subspan(i));
    if (byte < 0x20 || byte == 0x7f || length == 0) throw NoteError("a text is not plain UTF-8");
    i += length;
  }
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::optional<NoteEntry> NoteEntries::next() {
  if (rest_.empty()) return std::nullopt;
  if (rest_.size() < 8) throw NoteError("an entry is cut off");
  const std::uint32_t head = note_u32(rest_);
  const std::uint32_t length = note_u32(rest_.subspan(4));
  rest_ = rest_.subspan(8);
  if (length > rest_.size())
    throw NoteError("an entry of " + std::to_string(length) + " bytes does not fit");
  NoteEntry entry{static_cast<std::uint16_t>(head & 0xffff), static_cast<std::uint16_t>(head >> 16),
                  rest_.first(length)};
  const std::size_t padded = (std::size_t{length} + 3) / 4 * 4;
  if (padded > rest_.size()) throw NoteError("an entry's padding is cut off");
  rest_ = rest_.subspan(padded);
  return entry;
}

}  // namespace kith::host
