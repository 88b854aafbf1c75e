// SPDX-License-Identifier: Apache-2.0
#include "plugin/plugin_file.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <functional>
#include <span>

#include "digest/sha256.h"
#include "plugin/checks.h"
#include "plugin/note_reader.h"
#include "plugin/refusal.h"
#include "plugin_fixture.h"

namespace kith::host {
namespace {

class PluginFileTest : public PluginTest {
 protected:
  /// More blocks than are kept, and a last one that is not full.
  static std::vector<char> many_bytes() {
    std::vector<char> bytes(1'000'003);
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<char>(i * 2654435761U >> 13);
    return bytes;
  }
};

TEST_F(PluginFileTest, GivesAnyPieceAndAllOfTheFile) {
  const auto bytes = many_bytes();
  const PluginFile file = read_plugin_file(write("any.so", bytes));
  const auto whole = std::as_bytes(std::span(bytes));
  ASSERT_EQ(file.size(), bytes.size());
  EXPECT_EQ(file.sha256, sha256_hex(whole));
  for (const std::size_t at : {0UL, 1UL, 65535UL, 65536UL, 400'000UL, 999'999UL, 7UL}) {
    for (const std::size_t size : {0UL, 1UL, 4UL, 70'000UL, 300'000UL}) {
      if (at + size > bytes.size()) continue;
      std::vector<std::byte> piece(size);
      file.read(at, piece);
      EXPECT_TRUE(std::equal(piece.begin(), piece.end(), whole.begin() + std::ptrdiff_t(at)))
          << at << " " << size;
    }
  }
  std::vector<std::byte> all;
  file.for_each_block([&](auto block) { all.insert(all.end(), block.begin(), block.end()); });
  EXPECT_TRUE(std::equal(all.begin(), all.end(), whole.begin(), whole.end()));
}

TEST_F(PluginFileTest, AFileThatChangesAfterItsDigestIsRefused) {
  const auto bytes = many_bytes();
  const auto path = write("any.so", bytes);
  const PluginFile file = read_plugin_file(path);
  std::array<std::byte, 4> piece{};
  file.read(900'000, piece);
  std::fstream(path, std::ios::in | std::ios::out | std::ios::binary).seekp(500'000).put('!');
  EXPECT_EQ(refusal([&] { file.read(0, piece); }), "");
  EXPECT_EQ(refusal([&] { file.read(500'100, piece); }),
            "KITH-205 'any.so' changed while it was checked\n  plugin : " + path.string() +
                "\n  host   : checked SHA-256 " + file.sha256 +
                "\n  do     : try again when nothing writes the file");
  EXPECT_THAT(refusal([&] { file.for_each_block([](auto) {}); }), testing::StartsWith("KITH-205"));
  std::filesystem::resize_file(path, 600'000);
  EXPECT_THAT(refusal([&] { file.read(700'000, piece); }), testing::StartsWith("KITH-205"));
}

TEST_F(PluginFileTest, TablesOutliveTheFileThatTheyWereReadFrom) {
  const auto path = copy("complete");
  const ElfFile elf = parse_elf(read_plugin_file(path));
  std::filesystem::remove(path);
  EXPECT_EQ(read_note(elf, path).id, "org.test.complete");
  EXPECT_THAT(elf.needed_libraries(), testing::Contains("libc.so.6"));
}

}  // namespace
}  // namespace kith::host
