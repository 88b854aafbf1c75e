// SPDX-License-Identifier: Apache-2.0
// A real plugin, cut at every boundary and with bits flipped: refused, or loaded; never a crash of
// this process.
#include <elf.h>
#include <gmock/gmock.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <set>

#include "plugin_fixture.h"

namespace kith::host {
namespace {

class DamagedFileTest : public PluginTest {
 protected:
  std::vector<char> bytes_ = bytes_of(fixture("complete"));

  template <class T>
  T read(std::size_t at) const {
    T value;
    std::memcpy(&value, bytes_.data() + at, sizeof value);
    return value;
  }

  /// Where a header, a table, a segment or a section begins or ends.
  std::set<std::size_t> boundaries() const {
    const auto header = read<Elf64_Ehdr>(0);
    std::set<std::size_t> all{0, 1, EI_NIDENT, sizeof header, header.e_phoff, header.e_shoff};
    for (unsigned i = 0; i < header.e_phnum; ++i) {
      const auto segment = read<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr));
      all.insert({header.e_phoff + i * sizeof(Elf64_Phdr), segment.p_offset,
                  segment.p_offset + segment.p_filesz});
    }
    for (unsigned i = 0; i < header.e_shnum; ++i) {
      const auto section = read<Elf64_Shdr>(header.e_shoff + i * sizeof(Elf64_Shdr));
      all.insert({header.e_shoff + i * sizeof(Elf64_Shdr), section.sh_offset});
      if (section.sh_type != SHT_NOBITS) all.insert(section.sh_offset + section.sh_size);
    }
    all.erase(all.lower_bound(bytes_.size()), all.end());
    return all;
  }
};

TEST_F(DamagedFileTest, ACutAtEveryBoundaryIsRefusedBeforeAnythingRuns) {
  ASSERT_GT(boundaries().size(), 50U);
  for (const std::size_t at : boundaries()) {
    for (const std::size_t size : {at, at + 1, at == 0 ? 0 : at - 1}) {
      if (size >= bytes_.size()) continue;
      const auto path =
          write("cut.so", {bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(size)});
      const auto text = refusal_of("cut");
      const char* code = size == 0 ? "KITH-201 'cut.so'" : size < 4 ? "KITH-206" : "KITH-207";
      EXPECT_NE(text.find(code), text.npos) << size << " of " << bytes_.size() << ": " << text;
      EXPECT_FALSE(plugin_code_ran()) << size;
      std::filesystem::remove(path);
    }
  }
}

/// Tables that lie over each other and over themselves: each is read within its bounds, once.
TEST_F(DamagedFileTest, HeadersThatOverlapOrPointAtThemselvesAreRefusedOrLoad) {
  const auto header = read<Elf64_Ehdr>(0);
  std::vector<std::vector<char>> cases;
  const auto add = [&](std::size_t at, std::uint64_t value) {
    auto bytes = bytes_;
    std::memcpy(bytes.data() + at, &value, sizeof value);
    cases.push_back(std::move(bytes));
  };
  for (const std::uint64_t place : {std::uint64_t{0}, header.e_phoff, header.e_shoff}) {
    add(offsetof(Elf64_Ehdr, e_phoff), place);
    add(offsetof(Elf64_Ehdr, e_shoff), place);
  }
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto at = header.e_phoff + i * sizeof(Elf64_Phdr);
    add(at + offsetof(Elf64_Phdr, p_offset), header.e_phoff);
    const auto segment = read<Elf64_Phdr>(at);
    if (segment.p_type != PT_DYNAMIC) continue;
    // Each table that the dynamic section names lies over the dynamic section.
    for (std::size_t entry = 0; entry < segment.p_filesz; entry += sizeof(Elf64_Dyn))
      add(segment.p_offset + entry + offsetof(Elf64_Dyn, d_un), segment.p_vaddr);
  }
  TrialSettings settings = trial();
  settings.cache_folder.clear();
  settings.time_limit = std::chrono::milliseconds(3000);
  int refused = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto path = write("overlapping.so", cases[i]);
    clear_marker();
    PluginRegistry all({}, abilities(), settings);
    try {
      const PluginRecord& record = all.find_file("", path);
      all.check({&record});
    } catch (const PluginRefused& e) {
      ++refused;
      EXPECT_THAT(e.what(), testing::StartsWith("KITH-")) << i;
      if (e.refusal().code < RefusalCode::kTrialFailed) {
        EXPECT_FALSE(plugin_code_ran()) << i << ": " << e.what();
      }
    }
  }
  EXPECT_GT(refused, 10) << "of " << cases.size();
}

/// The linker would look for it behind its own table, in memory that differs from process to
/// process.
TEST_F(DamagedFileTest, AVersionNumberBeyondTheLargestIsRefused) {
  const auto header = read<Elf64_Ehdr>(0);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto segment = read<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr));
    if (segment.p_type != PT_DYNAMIC) continue;
    for (std::size_t at = segment.p_offset; read<Elf64_Dyn>(at).d_tag != DT_NULL;
         at += sizeof(Elf64_Dyn)) {
      const auto entry = read<Elf64_Dyn>(at);
      if (entry.d_tag == DT_VERSYM) bytes_[entry.d_un.d_ptr + 3] ^= 2;  // of the first symbol
    }
  }
  write("versions.so", bytes_);
  EXPECT_THAT(refusal_of("versions"),
              testing::ContainsRegex("a symbol has version number 51[0-9], the largest is [1-9]"));
  EXPECT_FALSE(plugin_code_ran());
}

TEST_F(DamagedFileTest, OneThousandFlippedBitsAreRefusedOrLoad) {
  std::mt19937 random(20);
  std::uniform_int_distribution<std::size_t> anywhere(0, bytes_.size() * 8 - 1);
  int refused = 0, tried = 0, passed = 0;
  TrialSettings settings = trial();
  settings.cache_folder.clear();
  settings.time_limit = std::chrono::milliseconds(3000);
  for (int round = 0; round < 1000; ++round) {
    const std::size_t bit = anywhere(random);
    auto flipped = bytes_;
    flipped[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    const auto path = write("flipped.so", flipped);
    clear_marker();
    PluginRegistry all({}, abilities(), settings);
    try {
      const PluginRecord& record = all.find_file("", path);
      all.check({&record});  // the checks, and the first load in a child
      ++passed;
      // Each that stays loaded takes a descriptor.
      if (passed % 5 == 0 && record.metadata.kind == "loss") {
        EXPECT_NE(all.load(record).table, nullptr);
      }
    } catch (const PluginRefused& e) {
      const auto code = e.refusal().code;
      const bool ran = code == RefusalCode::kTrialFailed || code == RefusalCode::kOpenFailed ||
                       code == RefusalCode::kHandshake;
      ran ? ++tried : ++refused;
      if (!ran) {
        EXPECT_FALSE(plugin_code_ran()) << e.what();
      }
      for (const char* line : {"\n  plugin : ", "\n  host   : ", "\n  do     : "})
        EXPECT_NE(std::string(e.what()).find(line), std::string::npos) << e.what();
    }
  }
  std::printf("of 1000 flipped bits %d were refused unrun, %d by the child, %d harmless\n", refused,
              tried, passed);
  EXPECT_GT(refused, 20);
  EXPECT_GT(passed, 100);
}

}  // namespace
}  // namespace kith::host
