// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/abi/core.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

namespace kith::host {

/// A note contradicts itself; the text goes behind "damaged note: ".
class NoteError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A critical entry with an unknown key.
class UnknownKey : public std::runtime_error {
 public:
  explicit UnknownKey(std::uint16_t key) : std::runtime_error("unknown key"), key_(key) {}
  std::uint16_t key() const { return key_; }

 private:
  std::uint16_t key_;
};

/// A note of a later form than KTN1.
class UnknownForm : public std::runtime_error {
 public:
  UnknownForm() : std::runtime_error("unknown form") {}
};

struct NoteEntry {
  std::uint16_t key = 0;
  std::uint16_t flags = 0;
  std::span<const std::byte> bytes;
  bool critical() const { return (flags & 1) != 0; }
};

/// Walks over entries { u16 key, u16 flags, u32 length, bytes, padding to 4 }, and never beyond the
/// given bytes.
class NoteEntries {
 public:
  explicit NoteEntries(std::span<const std::byte> bytes) : rest_(bytes) {}

  /// The next entry, or nothing at the end.
  ///
  /// @throws NoteError  if it does not fit.
  std::optional<NoteEntry> next();

 private:
  std::span<const std::byte> rest_;
};

/// Little-endian numbers at the beginning of the bytes. @throws NoteError if there are too few.
std::uint32_t note_u32(std::span<const std::byte> bytes);
std::uint64_t note_u64(std::span<const std::byte> bytes);

/// A text: valid UTF-8 without control characters, at most 4096 bytes. @throws NoteError otherwise.
std::string note_text(std::span<const std::byte> bytes);

}  // namespace kith::host
