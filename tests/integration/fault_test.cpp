// SPDX-License-Identifier: Apache-2.0
// Killed, or with a failing disk, at every single call that makes a checkpoint or run.h5.
#include <gmock/gmock.h>
#include <signal.h>

#include "faulty_run.h"
#include "left_results.h"
#include "run_contents.h"

namespace kith::integration {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FaultTest : public FaultyRun {
 protected:
  /// The checkpoint that a run of short_experiment() has when the calls that the tests hit begin.
  static constexpr int kFirstCheckpoint = 9;
  /// The run.h5 with the evaluation after the second epoch: the first that is written when there is
  /// a checkpoint. Before it come the beginning, the first evaluation and the first checkpoint.
  static constexpr int kVersion = 4;

  /// Kills a run at each call of a range; each goes on and ends as one that was not killed.
  void expect_survives(const Range& range) const {
    const auto whole = folder() / "untouched";
    LeftResults left;
    for (long at = range.first; at <= range.last; ++at) {
      SCOPED_TRACE("killed at call " + std::to_string(at));
      const auto made = folder() / ("killed" + std::to_string(at));
      ASSERT_EQ(run_with_fault(made, "kill", at).signal, SIGKILL);
      EXPECT_GE(newest_step(made), kFirstCheckpoint);
      left.keep(made);
      finish(made);
      expect_equal_runs(made, whole);
      fs::remove_all(made);
    }
    const auto killed = range.last - range.first + 1;
    std::printf("killed at %ld calls\n", killed);
    EXPECT_EQ(left.count(), killed);
    left.expect_open();
  }
  /// At every `stride`-th call of a range the disk fails: the run says so, and goes on when the
  /// disk is well again.
  void expect_error_and_survives(const Range& range, const std::string& action, long stride,
                                 const std::string& file, const std::string& reason) const {
    for (long at = range.first; at <= range.last; at += stride) {
      SCOPED_TRACE(action + " at call " + std::to_string(at));
      const auto made = folder() / ("faulty" + std::to_string(at));
      const auto outcome = run_with_fault(made, action, at);
      ASSERT_EQ(outcome.code, 1) << outcome.err;
      EXPECT_THAT(outcome.err, testing::StartsWith("store: cannot "));
      EXPECT_THAT(outcome.err, HasSubstr(file));
      EXPECT_THAT(outcome.err, HasSubstr(reason));
      EXPECT_GE(newest_step(made), kFirstCheckpoint);
      finish(made);
      expect_equal_runs(made, folder() / "untouched");
      fs::remove_all(made);
    }
    std::printf("the disk failed at %ld calls\n", (range.last - range.first) / stride + 1);
  }
};

TEST_F(FaultTest, AWriteOfTheResultsThatFailsAnywhereIsAnErrorAndLosesNothing) {
  expect_error_and_survives(version(calls_of_a_run(), "run.h5", kVersion), "fail", 1, "run.h5'",
                            "Input/output error");
}

TEST_F(FaultTest, AWriteOfACheckpointThatFailsAnywhereIsAnErrorAndLosesNothing) {
  expect_error_and_survives(version(calls_of_a_run(), "step-000000018.safetensors", 1), "fail", 4,
                            "checkpoints", "Input/output error");
}

TEST_F(FaultTest, AFullDiskIsAnErrorAndLosesNothing) {
  const auto range = version(calls_of_a_run(), "step-000000018.safetensors", 1);
  // The last calls are no writes.
  expect_error_and_survives({range.first, range.last - 3}, "full", 16, "checkpoints",
                            "No space left on device");
}

TEST_F(FaultTest, KilledAtEveryCallOfACheckpointItEndsAsIfItHadNotBeen) {
  expect_survives(version(calls_of_a_run(), "step-000000018.safetensors", 1));
}

TEST_F(FaultTest, KilledAtEveryCallOfOneWriteOfTheResultsItEndsAsIfItHadNotBeen) {
  expect_survives(version(calls_of_a_run(), "run.h5", kVersion));
}

}  // namespace
}  // namespace kith::integration
