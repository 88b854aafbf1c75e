// SPDX-License-Identifier: Apache-2.0
#include "scaffold/sdk_folder.h"

#include <gtest/gtest.h>

#include <fstream>

#include "temp_folder.h"

namespace kith::host {
namespace {

namespace fs = std::filesystem;

class SdkFolderTest : public testing::Test {
 protected:
  void write(const fs::path& file, const std::string& text = "x") const {
    fs::create_directories((folder_ / file).parent_path());
    std::ofstream(folder_ / file) << text;
  }
  const TempFolder folder_;
};

TEST_F(SdkFolderTest, LiesBesideAnInstalledProgram) {
  write("usr/include/kith/plugin.hpp");
  EXPECT_EQ(find_sdk_folder(folder_ / "usr" / "bin" / "kith"), folder_ / "usr" / "include");
}

TEST_F(SdkFolderTest, LiesInTheSourceTreeOfABuildTreeAnywhere) {
  write("source/sdk/include/kith/plugin.hpp");
  write("elsewhere/meson-info/meson-info.json",
        R"({"directories": {"source": ")" + (folder_ / "source").string() + R"("}})");
  EXPECT_EQ(find_sdk_folder(folder_ / "elsewhere" / "host" / "cli" / "kith"),
            folder_ / "source" / "sdk" / "include");
}

TEST_F(SdkFolderTest, IsNothingWhereThereIsNone) {
  write("elsewhere/meson-info/meson-info.json", "{ no json");
  EXPECT_EQ(find_sdk_folder(folder_ / "elsewhere" / "kith"), "");
}

TEST(ShellWordTest, IsQuotedWhereItMustBe) {
  EXPECT_EQ(shell_word("/usr/bin/g++-12"), "/usr/bin/g++-12");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word("$HOME"), "'$HOME'");
  EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace kith::host
