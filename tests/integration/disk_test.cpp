// SPDX-License-Identifier: Apache-2.0
// Runs on a disk that is full or cannot be written: a small tmpfs, so only where one may be
// mounted. And in a folder that may not be written to.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "interrupted_run.h"
#include "run_contents.h"

namespace kith::integration {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class DiskTest : public InterruptedRun {
 protected:
  ~DiskTest() override {
    if (mounted_) start({"umount", "--lazy", disk().string()});
  }

  fs::path disk() const { return folder() / "disk"; }

  /// "size=256k", "ro". False if this user may not.
  bool mount(const std::string& options) {
    fs::create_directories(disk());
    const auto outcome = start({"mount", "-t", "tmpfs", "-o",
                                (mounted_ ? "remount," : "") + options, "tmpfs", disk().string()});
    mounted_ = mounted_ || outcome.code == 0;
    return outcome.code == 0;
  }

 private:
  bool mounted_ = false;
};

#define KITH_REQUIRE_DISK(options) \
  if (!mount(options)) GTEST_SKIP() << "needs the right to mount a tmpfs"

TEST_F(DiskTest, FullOneIsNamedAndTheRunGoesOnOnceThereIsRoom) {
  KITH_REQUIRE_DISK("size=256k");
  // All ten checkpoints are kept, which is more than there is room for.
  const auto text =
      replaced(long_experiment(), "log_every = 1", "log_every = 1\nkeep_checkpoints = 100");
  const auto made = disk() / "run";
  const auto outcome = kith({"run", experiment(text), "--folder", made.string()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("No space left on device"));
  EXPECT_THAT(outcome.err, HasSubstr(made.string()));
  EXPECT_FALSE(fs::is_empty(made / "checkpoints"));
  const auto again = kith({"run", "--resume", made.string()});
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.err, HasSubstr("No space left on device"));

  ASSERT_TRUE(mount("size=64m"));
  finish(made);
  expect_equal_runs(made, run(text));
}

TEST_F(DiskTest, ReadOnlyOneIsNamedAndTheRunStaysAsItIs) {
  KITH_REQUIRE_DISK("size=64m");
  const auto made = disk() / "run";
  Process process(command({"run", experiment(long_experiment()), "--folder", made.string()}));
  wait_for_steps(process, made, 30);
  process.send(SIGKILL);
  ASSERT_EQ(process.wait().signal, SIGKILL) << "it ended before it was killed";

  ASSERT_TRUE(mount("ro,size=64m"));
  const auto log = read_text(made / "log.jsonl");
  const auto resumed = kith({"run", "--resume", made.string()});
  EXPECT_EQ(resumed.code, 1);
  EXPECT_THAT(resumed.err, HasSubstr("Read-only file system"));
  EXPECT_THAT(resumed.err, HasSubstr(made.string()));
  EXPECT_EQ(read_text(made / "log.jsonl"), log);
  const auto begun =
      kith({"run", experiment(long_experiment()), "--folder", (disk() / "other").string()});
  EXPECT_EQ(begun.code, 1);
  EXPECT_THAT(begun.err, HasSubstr("Read-only file system"));

  ASSERT_TRUE(mount("rw,size=64m"));
  finish(made);
  expect_equal_runs(made, run(long_experiment()));
}

class FolderRightsTest : public InterruptedRun {
 protected:
  /// The program without root's right to write where the mode of a folder forbids it.
  std::optional<Outcome> kith_as_others(std::vector<std::string> arguments) const {
    auto ordinary = command(std::move(arguments));
    if (::geteuid() == 0) {
      const char* setpriv = "/usr/bin/setpriv";
      if (::access(setpriv, X_OK) != 0) return std::nullopt;
      ordinary.program.insert(ordinary.program.begin(), {setpriv, "--bounding-set=-dac_override",
                                                         "--inh-caps=-dac_override"});
    }
    return Process(ordinary).wait();
  }
};

TEST_F(FolderRightsTest, AFolderThatMayNotBeWrittenToIsNamedAndTheRunStaysAsItIs) {
  const auto killed = interrupted(long_experiment(), 50, SIGKILL).folder;
  const auto parts = {killed, killed / "checkpoints"};
  for (const auto& part : parts) ASSERT_EQ(::chmod(part.c_str(), 0555), 0);
  const auto resumed = kith_as_others({"run", "--resume", killed.string()});
  const auto begun = kith_as_others(
      {"run", experiment(long_experiment()), "--folder", (killed / "other").string()});
  for (const auto& part : parts) ASSERT_EQ(::chmod(part.c_str(), 0755), 0);
  if (!resumed) GTEST_SKIP() << "root, and no setpriv to give its rights up";
  for (const auto& outcome : {*resumed, *begun}) {
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("Permission denied"));
    EXPECT_THAT(outcome.err, HasSubstr(killed.string()));
  }
  finish(killed);
  expect_equal_runs(killed, run(long_experiment()));
}

}  // namespace
}  // namespace kith::integration
