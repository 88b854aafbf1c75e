// SPDX-License-Identifier: Apache-2.0
#include "plugin/elf_layout.h"

#include <algorithm>

#include "plugin/elf_file.h"

namespace kith::host {
namespace {

constexpr std::uint64_t kPage = 4096;

std::uint64_t page_of(std::uint64_t address) { return address / kPage * kPage; }

/// Of a segment of plausible size.
std::uint64_t end_of_pages(const Elf64_Phdr& s) {
  return page_of(s.p_vaddr + s.p_memsz + kPage - 1);
}

[[noreturn]] void outside(const std::string& what) {
  throw ElfError(/*damaged=*/true, what + " lies outside the library's own memory");
}

}  // namespace

ElfLayout::ElfLayout(const std::vector<Elf64_Phdr>& headers) {
  for (const auto& header : headers)
    if (header.p_type == PT_LOAD) loads_.push_back(header);
  check_order();
  for (const auto& header : headers) check_part(header);
}

/// The linker maps a segment's zeroes over whatever lies behind it.
void ElfLayout::check_order() const {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
  for (std::size_t i = 0; i < loads_.size(); ++i) {
    if (loads_[i].p_vaddr > kMost || loads_[i].p_memsz > kMost) outside("a segment");
    if (i > 0 && page_of(loads_[i].p_vaddr) < end_of_pages(loads_[i - 1]))
      throw ElfError(true, "two segments lie over each other");
  }
}

void ElfLayout::check_part(const Elf64_Phdr& header) const {
  if (header.p_type == PT_DYNAMIC)
    require_writable(header.p_vaddr, header.p_memsz, "the dynamic section");
  if (header.p_type == PT_TLS)
    require_inside(header.p_vaddr, header.p_filesz, "what threads begin with");
  if (header.p_type != PT_GNU_RELRO) return;
  // Protected page by page, from the page that it begins in.
  const auto begin = header.p_vaddr, end = begin + header.p_memsz;
  const bool fits = std::any_of(loads_.begin(), loads_.end(), [&](const Elf64_Phdr& s) {
    return end >= begin && begin >= page_of(s.p_vaddr) && page_of(end) <= end_of_pages(s);
  });
  if (!fits) outside("what is protected after relocation");
}

const Elf64_Phdr* ElfLayout::segment_of(std::uint64_t address, std::uint64_t size) const {
  const auto found = std::find_if(loads_.begin(), loads_.end(), [&](const Elf64_Phdr& s) {
    return address >= s.p_vaddr && address - s.p_vaddr <= s.p_memsz &&
           size <= s.p_memsz - (address - s.p_vaddr);
  });
  return found == loads_.end() ? nullptr : &*found;
}

void ElfLayout::require_inside(std::uint64_t address, std::uint64_t size,
                               const std::string& what) const {
  if (segment_of(address, size) == nullptr) outside(what);
}

void ElfLayout::require_writable(std::uint64_t address, std::uint64_t size,
                                 const std::string& what) const {
  const auto* segment = segment_of(address, size);
  if (segment == nullptr) outside(what);
  if ((segment->p_flags & PF_W) == 0)
    throw ElfError(true, what + " lies in memory that is not written to");
}

void ElfLayout::require_code(std::uint64_t address, const std::string& what) const {
  const auto* segment = segment_of(address, 1);
  if (segment == nullptr) outside(what);
  if ((segment->p_flags & PF_X) == 0) throw ElfError(true, what + " lies in memory without code");
}

void ElfLayout::check(const Elf64_Rela& relocation) const {
  const auto type = ELF64_R_TYPE(relocation.r_info);
  if (type == R_X86_64_NONE) return;
  if (type == R_X86_64_COPY) throw ElfError(true, "it has a relocation that only programs have");
  require_writable(relocation.r_offset, type == R_X86_64_TLSDESC ? 16 : 8,
                   "what a relocation changes");
  const auto target = static_cast<std::uint64_t>(relocation.r_addend);
  if (type == R_X86_64_RELATIVE) require_inside(target, 0, "what a relocation points at");
  if (type == R_X86_64_IRELATIVE) require_code(target, "what a relocation calls");
}

void ElfLayout::check_packed(std::span<const Elf64_Addr> entries) const {
  constexpr std::uint64_t kWord = sizeof(Elf64_Addr), kMapped = 63;
  const auto check_word = [&](std::uint64_t address) {
    require_writable(address, kWord, "what a relocation changes");
  };
  std::uint64_t next = 0;
  for (const auto entry : entries) {
    if ((entry & 1) == 0) {
      check_word(entry);
      next = entry + kWord;
      continue;
    }
    for (std::uint64_t i = 0; i < kMapped; ++i)
      if ((entry >> (i + 1) & 1) != 0) check_word(next + i * kWord);
    next += kMapped * kWord;
  }
}

void ElfLayout::check(const Elf64_Sym& symbol) const {
  const bool is_address = symbol.st_shndx != SHN_UNDEF && symbol.st_shndx != SHN_ABS &&
                          ELF64_ST_TYPE(symbol.st_info) != STT_TLS;
  if (is_address) require_inside(symbol.st_value, 0, "a symbol");
}

}  // namespace kith::host
