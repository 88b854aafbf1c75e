// SPDX-License-Identifier: Apache-2.0
#include "store/atomic_file.h"

#include <gtest/gtest.h>

#include <kith/error.hpp>

#include "store_files.h"

namespace kith::host {
namespace {

TEST(AtomicFileTest, AppearsOnlyWithCommit) {
  const TempFolder folder;
  AtomicFile file(folder / "a.txt");
  file.write("hello", 5);
  EXPECT_FALSE(std::filesystem::exists(folder / "a.txt"));
  file.write_at("J", 1, 0);
  file.commit();
  EXPECT_EQ(read_bytes(folder / "a.txt"), "Jello");
  EXPECT_EQ(count_entries(folder.path()), 1);
}

TEST(AtomicFileTest, WithoutCommitTheOldFileStaysAndNothingIsLeft) {
  const TempFolder folder;
  write_text_file(folder / "a.txt", "old");
  {
    AtomicFile file(folder / "a.txt");
    file.write("new", 3);
  }
  EXPECT_EQ(read_bytes(folder / "a.txt"), "old");
  EXPECT_EQ(count_entries(folder.path()), 1);
}

TEST(AtomicFileTest, NamesTheFileWhenTheFolderIsAbsentOrIsAFile) {
  const TempFolder folder;
  write_bytes(folder / "file", "x");
  const std::string absent = error_of<DataError>([&] { AtomicFile file(folder / "none/a.txt"); });
  EXPECT_NE(absent.find("store: cannot create '"), std::string::npos) << absent;
  EXPECT_NE(absent.find("No such file or directory"), std::string::npos) << absent;
  const std::string file = error_of<DataError>([&] { AtomicFile inner(folder / "file/a.txt"); });
  EXPECT_NE(file.find("Not a directory"), std::string::npos) << file;
}

TEST(AtomicFileTest, FullDiskIsAnErrorAndTheOldFileStays) {
  const SmallDisk disk("64k");
  if (!disk.mounted()) GTEST_SKIP() << "this process may not mount a small disk";
  write_text_file(disk / "a.txt", "old");
  const std::string big(1 << 20, 'x');
  const std::string text = error_of<DataError>([&] { write_text_file(disk / "a.txt", big); });
  EXPECT_NE(text.find("store: cannot write '" + disk.path().string()), std::string::npos) << text;
  EXPECT_NE(text.find("No space left on device"), std::string::npos) << text;
  EXPECT_EQ(read_bytes(disk / "a.txt"), "old");
  EXPECT_EQ(count_entries(disk.path()), 1);
}

TEST(AtomicFileTest, ReadOnlyDiskIsAnErrorThatSaysSo) {
  SmallDisk disk("64k");
  if (!disk.mounted() || !disk.make_read_only()) {
    GTEST_SKIP() << "this process may not mount a small disk";
  }
  const std::string text = error_of<DataError>([&] { write_text_file(disk / "a.txt", "x"); });
  EXPECT_NE(text.find("Read-only file system"), std::string::npos) << text;
}

TEST(AtomicFileTest, RemovesWhatAKilledProcessLeftAndNothingElse) {
  const TempFolder folder;
  const auto left = partial_path(folder / "run.h5");
  write_bytes(left, "half");
  write_bytes(folder / "run.h5", "whole");
  write_bytes(folder / "notes.partial", "the user's own");
  const auto removed = remove_partial_files(folder.path());
  ASSERT_EQ(removed.size(), 1U);
  EXPECT_EQ(removed[0], left);
  EXPECT_EQ(count_entries(folder.path()), 2);
  EXPECT_TRUE(remove_partial_files(folder / "none").empty());
}

}  // namespace
}  // namespace kith::host
