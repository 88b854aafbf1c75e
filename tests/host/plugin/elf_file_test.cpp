// SPDX-License-Identifier: Apache-2.0
#include "plugin/elf_file.h"

#include <elf.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>

#include "plugin/note_reader.h"
#include "plugin_fixture.h"

namespace kith::host {
namespace {

std::span<const std::byte> view(const std::vector<char>& bytes) {
  return std::as_bytes(std::span(bytes));
}

std::string error_of(const std::vector<char>& bytes) {
  try {
    ElfFile elf(view(bytes));
    return "";
  } catch (const ElfError& e) {
    return e.what();
  }
}

class ElfFileTest : public PluginTest {
 protected:
  std::vector<char> bytes_ = bytes_of(fixture("complete"));
};

TEST_F(ElfFileTest, FindsNotesSymbolsAndLibraries) {
  const ElfFile elf(view(bytes_));
  const auto kith_notes = std::count_if(elf.notes().begin(), elf.notes().end(),
                                        [](const ElfNote& n) { return n.owner == "kith"; });
  EXPECT_GE(kith_notes, 5);  // the metadata and at least the four calls in the source
  EXPECT_NE(std::find(elf.needed_libraries().begin(), elf.needed_libraries().end(), "libc.so.6"),
            elf.needed_libraries().end());
  const auto entry = std::find_if(elf.symbols().begin(), elf.symbols().end(),
                                  [](const auto& s) { return s.name == "kith_plugin_entry_v1"; });
  ASSERT_NE(entry, elf.symbols().end());
  EXPECT_TRUE(entry->exported);
  EXPECT_TRUE(entry->function);
  const auto needed = std::find_if(elf.symbols().begin(), elf.symbols().end(),
                                   [](const auto& s) { return !s.defined && s.name == "getenv"; });
  ASSERT_NE(needed, elf.symbols().end());
  EXPECT_EQ(needed->version, "GLIBC_2.2.5");
  EXPECT_EQ(needed->library, "libc.so.6");
}

TEST_F(ElfFileTest, NamesWhatAFileIsInstead) {
  EXPECT_EQ(error_of({'h', 'e', 'l', 'l', 'o'}), "not an ELF file");
  EXPECT_EQ(error_of({'\x7f', 'E', 'L', 'F', '\2'}), "the ELF header is cut off");
  auto other = bytes_;
  other[18] = static_cast<char>(183);  // e_machine: EM_AARCH64
  EXPECT_EQ(error_of(other), "an ELF file for aarch64");
  other = bytes_;
  other[4] = 1;  // EI_CLASS: ELFCLASS32
  EXPECT_EQ(error_of(other), "a 32-bit ELF file");
  other = bytes_;
  other[5] = 2;  // EI_DATA: ELFDATA2MSB
  EXPECT_EQ(error_of(other), "a big-endian ELF file");
  other = bytes_;
  other[16] = 1;  // e_type: ET_REL
  EXPECT_EQ(error_of(other), "an ELF file, but no shared library (type 1)");
}

TEST_F(ElfFileTest, RefusesNamesThatTakeMoreThanItKeeps) {
  auto huge = bytes_;
  const auto at = [&](std::size_t offset) {
    std::uint64_t value = 0;
    std::memcpy(&value, huge.data() + offset, sizeof value);
    return value;
  };
  // A segment that is as long as the file, which has grown, and a string table that fills it.
  const std::size_t size = std::size_t{20} << 20;
  huge.resize(size);
  const auto headers = static_cast<std::size_t>(at(offsetof(Elf64_Ehdr, e_phoff)));
  const auto put = [&](std::size_t offset, std::uint64_t value) {
    std::memcpy(huge.data() + offset, &value, sizeof value);
  };
  std::size_t dynamic = 0, dynamic_size = 0;
  for (std::size_t i = 0; i < static_cast<unsigned char>(huge[offsetof(Elf64_Ehdr, e_phnum)]);
       ++i) {
    const auto header = headers + i * sizeof(Elf64_Phdr);
    const auto type = static_cast<std::uint32_t>(at(header));
    if (type == PT_DYNAMIC) {
      dynamic = static_cast<std::size_t>(at(header + offsetof(Elf64_Phdr, p_offset)));
      dynamic_size = static_cast<std::size_t>(at(header + offsetof(Elf64_Phdr, p_filesz)));
    }
    if (type != PT_LOAD) continue;
    if (at(header + offsetof(Elf64_Phdr, p_offset)) != 0) {
      put(header, PT_NULL);  // the first becomes all
      continue;
    }
    put(header, PT_LOAD | std::uint64_t{PF_R | PF_W | PF_X} << 32);
    put(header + offsetof(Elf64_Phdr, p_filesz), size);
    put(header + offsetof(Elf64_Phdr, p_memsz), size);
  }
  ASSERT_NE(dynamic, 0u);
  for (std::size_t entry = 0; entry < dynamic_size; entry += sizeof(Elf64_Dyn))
    if (at(dynamic + entry) == DT_STRSZ) put(dynamic + entry + 8, std::uint64_t{17} << 20);
  EXPECT_EQ(error_of(huge), "its notes and names have more than 16 MiB");
}

TEST_F(ElfFileTest, RefusesAFileThatIsCutAnywhere) {
  for (std::size_t size = 0; size < bytes_.size(); size += 97) {
    const std::vector<char> cut(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_NE(error_of(cut), "") << "cut to " << size << " of " << bytes_.size() << " bytes";
  }
}

TEST_F(ElfFileTest, RefusesHeadersThatPointOutsideTheFile) {
  auto lies = bytes_;
  for (int i = 32; i < 40; ++i) lies[static_cast<std::size_t>(i)] = '\x7f';  // e_phoff
  EXPECT_NE(error_of(lies), "");
  lies = bytes_;
  lies[56] = lies[57] = '\xff';  // e_phnum
  EXPECT_EQ(error_of(lies), "it has 65535 program headers");
  for (int segment = 0; segment < 8; ++segment) {
    for (int field : {8, 16, 32, 40}) {  // offset, address, size in the file, in memory
      lies = bytes_;
      const std::size_t at = static_cast<std::size_t>(64 + segment * 56 + field);
      std::fill_n(lies.begin() + static_cast<std::ptrdiff_t>(at), 8, '\xff');
      error_of(lies);  // any answer will do but a crash: run under AddressSanitizer as well
    }
  }
}

TEST_F(ElfFileTest, SurvivesFlippedBits) {
  std::mt19937 random(7);
  // Where the tables lie: headers and notes at the beginning, the dynamic section near the end of
  // what is loaded.
  std::uniform_int_distribution<std::size_t> anywhere(0, bytes_.size() - 1);
  std::uniform_int_distribution<std::size_t> tables(0,
                                                    std::min<std::size_t>(bytes_.size(), 6000) - 1);
  int refused = 0;
  for (int round = 0; round < 2000; ++round) {
    auto flipped = bytes_;
    for (int n = 0; n <= round % 4; ++n)
      flipped[round % 2 == 0 ? tables(random) : anywhere(random)] ^=
          static_cast<char>(1 << (round % 8));
    try {
      const ElfFile elf(view(flipped));
      read_note(elf, "flipped.so");
    } catch (const ElfError&) {
      ++refused;
    } catch (const PluginRefused&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace kith::host
