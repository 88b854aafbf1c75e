// SPDX-License-Identifier: Apache-2.0
#include "plugin/elf_layout.h"

#include <gtest/gtest.h>

#include "plugin/elf_file.h"

namespace kith::host {
namespace {

Elf64_Phdr part(std::uint32_t type, std::uint32_t flags, std::uint64_t begin, std::uint64_t size) {
  Elf64_Phdr header{};
  header.p_type = type;
  header.p_flags = flags;
  header.p_vaddr = begin;
  header.p_filesz = header.p_memsz = size;
  return header;
}

/// Constants in [0, 0x800), code in [0x1000, 0x1400), data in [0x2f00, 0x3400).
std::vector<Elf64_Phdr> with(std::vector<Elf64_Phdr> more) {
  std::vector<Elf64_Phdr> all{part(PT_LOAD, PF_R, 0, 0x800),
                              part(PT_LOAD, PF_R | PF_X, 0x1000, 0x400),
                              part(PT_LOAD, PF_R | PF_W, 0x2f00, 0x500)};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

template <class Work>
std::string refusal_by(Work&& work) {
  try {
    work();
  } catch (const ElfError& error) {
    EXPECT_TRUE(error.damaged());
    return error.what();
  }
  return "";
}

std::string refusal_of_part(const Elf64_Phdr& header) {
  return refusal_by([&] { ElfLayout layout(with({header})); });
}

std::string refusal_of_relocation(std::uint64_t at, std::uint64_t type, std::int64_t addend) {
  return refusal_by([&] {
    ElfLayout(with({})).check(Elf64_Rela{at, ELF64_R_INFO(std::uint64_t{0}, type), addend});
  });
}

TEST(ElfLayoutTest, SegmentsLieBehindOneAnother) {
  EXPECT_EQ(refusal_of_part(part(PT_LOAD, PF_R, 0x4000, 0x100)), "");
  for (const std::uint64_t begin : {0x3000, 0x3800, 0x0, 0x1200})  // pages count, and the order
    EXPECT_EQ(refusal_of_part(part(PT_LOAD, PF_R, begin, 0x100)),
              "two segments lie over each other")
        << begin;
  EXPECT_EQ(refusal_of_part(part(PT_LOAD, PF_R, 0x4000, std::uint64_t{1} << 50)),
            "a segment lies outside the library's own memory");
}

TEST(ElfLayoutTest, WhatIsProtectedAfterwardsIsItsOwn) {
  EXPECT_EQ(refusal_of_part(part(PT_GNU_RELRO, PF_R, 0x2f00, 0x100)), "");
  for (const auto& [begin, size] : {std::pair<std::uint64_t, std::uint64_t>{0x2f00, 0x40100},
                                    {0x2f00, ~std::uint64_t{0}},
                                    {0x802f00, 0x100}})
    EXPECT_EQ(refusal_of_part(part(PT_GNU_RELRO, PF_R, begin, size)),
              "what is protected after relocation lies outside the library's own memory");
}

TEST(ElfLayoutTest, TheDynamicSectionIsWrittenTo) {
  EXPECT_EQ(refusal_of_part(part(PT_DYNAMIC, PF_R, 0x2f10, 0x40)), "");
  EXPECT_EQ(refusal_of_part(part(PT_DYNAMIC, PF_R, 0x10, 0x40)),
            "the dynamic section lies in memory that is not written to");
  EXPECT_EQ(refusal_of_part(part(PT_TLS, PF_R, 0x9000, 0x40)),
            "what threads begin with lies outside the library's own memory");
}

TEST(ElfLayoutTest, RelocationsChangeAndPointAtItsOwn) {
  EXPECT_EQ(refusal_of_relocation(0x2f08, R_X86_64_RELATIVE, 0x1010), "");
  EXPECT_EQ(refusal_of_relocation(0x33f8, R_X86_64_JUMP_SLOT, 0), "");
  const std::string outside = " lies outside the library's own memory";
  for (const std::uint64_t at : {0x33f9, 0x102f08, 0x900})
    EXPECT_EQ(refusal_of_relocation(at, R_X86_64_GLOB_DAT, 0),
              "what a relocation changes" + outside);
  EXPECT_EQ(refusal_of_relocation(0x1010, R_X86_64_GLOB_DAT, 0),
            "what a relocation changes lies in memory that is not written to");
  for (const std::int64_t addend : {0x101010, -8, 0x900})
    EXPECT_EQ(refusal_of_relocation(0x2f08, R_X86_64_RELATIVE, addend),
              "what a relocation points at" + outside);
  EXPECT_EQ(refusal_of_relocation(0x2f08, R_X86_64_IRELATIVE, 0x3000),
            "what a relocation calls lies in memory without code");
  EXPECT_EQ(refusal_of_relocation(0x2f08, R_X86_64_COPY, 0),
            "it has a relocation that only programs have");
}

TEST(ElfLayoutTest, PackedRelocationsChangeItsOwn) {
  const auto refusal = [](std::vector<Elf64_Addr> entries) {
    return refusal_by([&] { ElfLayout(with({})).check_packed(entries); });
  };
  EXPECT_EQ(refusal({0x2f00, 0b1011, 0x33f0}), "");
  const auto text = "what a relocation changes lies outside the library's own memory";
  EXPECT_EQ(refusal({0x13f000}), text);
  EXPECT_EQ(refusal({0x33f0, 0b11}), "") << "the last word";
  EXPECT_EQ(refusal({0x33f0, 0b101}), text) << "the word behind it";
}

TEST(ElfLayoutTest, SymbolsLieInIt) {
  const ElfLayout layout(with({}));
  const auto refusal = [&](std::uint64_t value, std::uint16_t section) {
    Elf64_Sym symbol{};
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    symbol.st_shndx = section;
    symbol.st_value = value;
    return refusal_by([&] { layout.check(symbol); });
  };
  EXPECT_EQ(refusal(0x1010, 12), "");
  EXPECT_EQ(refusal(0x9000, SHN_UNDEF), "");
  EXPECT_EQ(refusal(0x9000, 12), "a symbol lies outside the library's own memory");
}

}  // namespace
}  // namespace kith::host
