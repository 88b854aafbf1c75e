// SPDX-License-Identifier: Apache-2.0
#include "store/run_folder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <kith/error.hpp>
#include <string_view>

#include "store/atomic_file.h"
#include "store_files.h"

namespace kith::host {
namespace {

namespace fs = std::filesystem;

// True if the text is the pattern, with 'd' for each digit and 'h' for each hexadecimal one.
bool matches(std::string_view text, std::string_view pattern) {
  if (text.size() != pattern.size()) return false;
  for (std::size_t i = std::string_view("demo").size(); i < text.size(); ++i) {
    const std::string_view digits = "0123456789abcdef";
    const std::size_t digit = digits.find(text[i]);
    const bool fits = pattern[i] == 'd'   ? digit < 10
                      : pattern[i] == 'h' ? digit < 16
                                          : text[i] == pattern[i];
    if (!fits) return false;
  }
  return text.starts_with("demo");
}

class RunFolderTest : public testing::Test {
 protected:
  RunFolder create(const std::string& name = "demo") {
    return RunFolder::create(name, "seed = 1\n", "seed = 1\nname = \"demo\"\n", runs_);
  }

  TempFolder folder_;
  fs::path runs_ = folder_ / "runs";
};

TEST_F(RunFolderTest, HasTheTextsTheLogAndTheFolderOfCheckpoints) {
  const RunFolder run = create();
  EXPECT_EQ(run.path().parent_path(), fs::canonical(runs_));
  EXPECT_TRUE(matches(run.id(), "demo-ddddddddTddddddZ-hhhh")) << run.id();
  EXPECT_EQ(read_bytes(run.experiment()), "seed = 1\n");
  EXPECT_EQ(read_bytes(run.resolved()), "seed = 1\nname = \"demo\"\n");
  EXPECT_EQ(read_bytes(run.log()), "");
  EXPECT_TRUE(fs::is_directory(run.checkpoints()));
}

TEST_F(RunFolderTest, LatestIsARelativeLinkToTheNewest) {
  const RunFolder first = create();
  EXPECT_EQ(fs::read_symlink(runs_ / "demo-latest"), first.id());
  const RunFolder second = create();
  EXPECT_NE(first.id(), second.id());
  EXPECT_EQ(fs::read_symlink(runs_ / "demo-latest"), second.id());
  EXPECT_EQ(count_entries(runs_), 3);
}

TEST_F(RunFolderTest, LatestThatIsNoLinkStopsTheRunBeforeItBegins) {
  fs::create_directories(runs_ / "demo-latest");
  const std::string text = error_of<DataError>([&] { create(); });
  EXPECT_EQ(text, "run: '" + (runs_ / "demo-latest").string() +
                      "' should be the link to the newest run, but is no link; move it away");
  EXPECT_EQ(count_entries(runs_), 1);
}

TEST_F(RunFolderTest, RefusesNamesThatLeaveTheFolder) {
  for (const char* name : {"", "../x", "a/b", ".hidden", "a b"}) {
    const std::string text = error_of<ConfigError>([&] { create(name); });
    EXPECT_NE(text.find("got '" + std::string(name) + "'"), std::string::npos) << text;
  }
}

TEST_F(RunFolderTest, FolderThatExistsIsAnError) {
  const fs::path path = folder_ / "mine";
  RunFolder::create_at(path, "a", "b");
  EXPECT_EQ(error_of<DataError>([&] { RunFolder::create_at(path, "a", "b"); }),
            "run: folder '" + path.string() +
                "' exists already; name another, or go on with the run in it: kith run --resume " +
                path.string());
  EXPECT_EQ(read_bytes(path / "resolved.toml"), "b");
}

TEST_F(RunFolderTest, AFileInPlaceOfTheRunsFolderIsNamed) {
  write_bytes(folder_ / "runs", "a file");
  const std::string text = error_of<DataError>([&] { create(); });
  EXPECT_NE(text.find("store: cannot create '" + runs_.string() + "': "), std::string::npos)
      << text;
}

TEST_F(RunFolderTest, OpensThroughTheLinkAndBelowTheRunsFolder) {
  const fs::path path = create().path();
  EXPECT_EQ(RunFolder::open(runs_ / "demo-latest").path(), path);
  ::setenv("KITH_RUNS", runs_.c_str(), 1);
  EXPECT_EQ(RunFolder::open("demo-latest").path(), path);
  const std::string text = error_of<DataError>([&] { RunFolder::open("other"); });
  ::unsetenv("KITH_RUNS");
  EXPECT_EQ(text, "run: no run folder 'other', neither here nor in '" + runs_.string() + "'");
  EXPECT_EQ(RunFolder::runs_root(), "runs");
}

TEST_F(RunFolderTest, NamesAllThatIsMissing) {
  const fs::path path = create().path();
  fs::remove(path / "resolved.toml");
  fs::remove_all(path / "checkpoints");
  EXPECT_EQ(error_of<DataError>([&] { RunFolder::open(path); }),
            "run: '" + path.string() +
                "' is not a complete run folder: missing resolved.toml, checkpoints/");
}

TEST_F(RunFolderTest, OpeningRemovesHalfWrittenFiles) {
  const fs::path path = create().path();
  write_bytes(partial_path(path / "run.h5"), "half");
  write_bytes(partial_path(path / "checkpoints" / "step-000000001.safetensors"), "half");
  const int before = count_entries(path);
  const RunFolder run = RunFolder::open(path);
  EXPECT_EQ(count_entries(path), before - 1);
  EXPECT_EQ(count_entries(run.checkpoints()), 0);
}

TEST_F(RunFolderTest, SecondUserIsToldWhichProcessHasTheRun) {
  const RunFolder run = create();
  const std::string text = error_of<DataError>([&] { RunFolder::open(run.path()); });
  EXPECT_NE(text.find("run: '" + run.path().string() + "' is in use by process " +
                      std::to_string(::getpid()) + " on "),
            std::string::npos)
      << text;
}

TEST_F(RunFolderTest, LockGoesWithAKilledProcess) {
  const fs::path path = create().path();
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const RunFolder held = RunFolder::open(path);
    (void)!::write(ready[1], "x", 1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  const std::string text = error_of<DataError>([&] { RunFolder::open(path); });
  EXPECT_NE(text.find("in use by process " + std::to_string(child)), std::string::npos) << text;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(RunFolder::open(path).path(), path);
}

}  // namespace
}  // namespace kith::host
