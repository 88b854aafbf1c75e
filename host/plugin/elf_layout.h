// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <elf.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace kith::host {

/// Where a shared library lies in memory, relative to where it is loaded, and whether what the
/// dynamic linker writes and calls lies in it.
///
/// A relocation beyond the library's own memory changes somebody else's, and whose depends on where
/// it was loaded: a child in which the library is tried can come to no harm where the host does.
/// Each function throws an ElfError that says what lies outside.
class ElfLayout {
 public:
  ElfLayout() = default;
  /// @param headers  all program headers.
  explicit ElfLayout(const std::vector<Elf64_Phdr>& headers);

  /// Of an address range [address, address + size).
  void require_writable(std::uint64_t address, std::uint64_t size, const std::string& what) const;
  void require_code(std::uint64_t address, const std::string& what) const;
  void require_inside(std::uint64_t address, std::uint64_t size, const std::string& what) const;

  /// What it writes to, and where it points if the linker alone decides that.
  void check(const Elf64_Rela& relocation) const;
  /// DT_RELR, what each entry writes to: an even one is the address of a word, an odd one a map of
  /// the 63 words behind the last.
  void check_packed(std::span<const Elf64_Addr> entries) const;
  /// A defined symbol's value, where it is an address.
  void check(const Elf64_Sym& symbol) const;

 private:
  void check_order() const;
  void check_part(const Elf64_Phdr& header) const;
  const Elf64_Phdr* segment_of(std::uint64_t address, std::uint64_t size) const;

  std::vector<Elf64_Phdr> loads_;
};

}  // namespace kith::host
