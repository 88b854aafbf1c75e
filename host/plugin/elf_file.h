// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/byte_reader.h"

namespace kith::host {

/// The bytes are no ELF shared library for x86-64 Linux, or its tables contradict the file.
class ElfError : public std::runtime_error {
 public:
  ElfError(bool damaged, const std::string& what) : std::runtime_error(what), damaged_(damaged) {}
  /// true: it says that it is one, but it is truncated or corrupt; false: it is something else.
  bool damaged() const { return damaged_; }

 private:
  bool damaged_;
};

/// A symbol of the dynamic symbol table. The texts are views of what its ElfFile keeps.
struct ElfSymbol {
  std::string_view name;
  bool defined = false;
  bool weak = false;
  bool unique =
      false;  ///< STB_GNU_UNIQUE: one for the whole process, whatever the library was opened with
  bool exported = false;  ///< defined and seen from outside
  bool function = false;
  std::string_view
      version;  ///< of an undefined one: the version that it needs ("GLIBC_2.34"), or nothing
  std::string_view
      library;  ///< of an undefined one with a version: the library that has it ("libc.so.6")
};

/// An ELF note of any owner.
struct ElfNote {
  std::string_view owner;  ///< without the closing NUL
  std::uint32_t type = 0;
  std::span<const std::byte> descriptor;
};

/// What a shared library's bytes say, found through its program headers as the dynamic linker does;
/// section headers are not looked at. Every offset, length and count is checked against the bytes,
/// so that any bytes at all may be given. It keeps the notes and the names, at most some 16 MB of
/// them; the rest of the file is looked at and left where it is.
class ElfFile {
 public:
  /// @throws ElfError, and what reading throws.
  explicit ElfFile(const ByteReader& bytes);
  explicit ElfFile(std::span<const std::byte> bytes) : ElfFile(MemoryReader(bytes)) {}
  ElfFile(ElfFile&&) = default;
  ElfFile& operator=(ElfFile&&) = default;

  const std::vector<ElfNote>& notes() const { return notes_; }
  const std::vector<ElfSymbol>& symbols() const { return symbols_; }
  const std::vector<std::string_view>& needed_libraries() const { return needed_; }
  /// DT_RPATH and DT_RUNPATH.
  const std::vector<std::string_view>& run_paths() const { return run_paths_; }
  std::string_view own_name() const { return own_name_; }  ///< DT_SONAME, or nothing

 private:
  friend class ElfParser;
  /// What the views view; each keeps its place when the object moves.
  std::vector<std::vector<std::byte>> pieces_;
  std::vector<ElfNote> notes_;
  std::vector<ElfSymbol> symbols_;
  std::vector<std::string_view> needed_;
  std::vector<std::string_view> run_paths_;
  std::string_view own_name_;
};

}  // namespace kith::host
