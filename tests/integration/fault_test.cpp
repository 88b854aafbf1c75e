// SPDX-License-Identifier: Apache-2.0
// Killed, or with a failing disk, at every single call that makes a checkpoint or run.h5, and at
// those of the log.
#include <gmock/gmock.h>
#include <signal.h>

#include "faulty_run.h"
#include "left_results.h"
#include "run_contents.h"
#include "small_data.h"

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
    const auto state = read_tensors(newest_checkpoint(whole));
    for (const char* kept : {"method.queue", "method.projector@key.0.weight"})
      EXPECT_TRUE(state.contains(kept)) << kept;
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
  expect_error_and_survives(version(calls_of_a_run(), "step-000000018.safetensors", 1), "fail", 1,
                            "checkpoints", "Input/output error");
}

TEST_F(FaultTest, AWriteOfTheLogThatFailsIsAnErrorAndLosesNothing) {
  const auto calls = calls_of_a_run();
  const auto checkpoint = version(calls, "step-000000009.safetensors", 1);
  const auto range = calls_after(calls, "log.jsonl", checkpoint.last);
  EXPECT_GE(range.last - range.first, 9) << "the nine steps of the epoch and its evaluation";
  expect_error_and_survives(range, "fail", 1, "log.jsonl'", "Input/output error");
}

TEST_F(FaultTest, AFullDiskIsAnErrorAndLosesNothing) {
  const auto range = version(calls_of_a_run(), "step-000000018.safetensors", 1);
  // The last calls are no writes.
  expect_error_and_survives({range.first, range.last - 3}, "full", 8, "checkpoints",
                            "No space left on device");
}

TEST_F(FaultTest, KilledAtEveryCallOfACheckpointItEndsAsIfItHadNotBeen) {
  expect_survives(version(calls_of_a_run(), "step-000000018.safetensors", 1));
}

TEST_F(FaultTest, KilledAtEveryCallOfOneWriteOfTheResultsItEndsAsIfItHadNotBeen) {
  expect_survives(version(calls_of_a_run(), "run.h5", kVersion));
}

TEST_F(FaultTest, KilledWhileTheEndIsWrittenItEndsAsIfItHadNotBeen) {
  const auto range = last_version(calls_of_a_run(), "run.h5");
  LeftResults left;
  // The rename is the last but one: behind it the run is finished.
  for (const long at : {range.first, (range.first + range.last) / 2, range.last - 1, range.last}) {
    SCOPED_TRACE("killed at call " + std::to_string(at));
    const auto made = folder() / ("ending" + std::to_string(at));
    ASSERT_EQ(run_with_fault(made, "kill", at).signal, SIGKILL);
    EXPECT_EQ(newest_step(made), 2 * kFirstCheckpoint);
    left.keep(made);
    if (at < range.last) {
      finish(made);
    } else {
      EXPECT_THAT(kith({"run", "--resume", made.string()}).out,
                  HasSubstr("is finished; there is nothing left to do"));
    }
    expect_equal_runs(made, folder() / "untouched");
    EXPECT_EQ(read_count(made, "test_reads"), at < range.last ? 2 : 1) << "the killed one's too";
  }
  left.expect_open();
}

TEST_F(FaultTest, TestThatIsNotReadIsNotCountedWhereverItIsKilled) {
  run_text = replaced(short_experiment(), "[data]\n", "[data]\nread_test = false\n");
  const auto range = last_version(calls_of_a_run(), "run.h5");
  const auto made = folder() / "ending";
  ASSERT_EQ(run_with_fault(made, "kill", range.first).signal, SIGKILL);
  finish(made);
  expect_equal_runs(made, folder() / "untouched");
  EXPECT_EQ(read_count(made, "test_reads"), 0);
}

TEST_F(FaultTest, KilledBeforeACheckpointItHasTheResultsOfEachEvaluation) {
  run_text = replaced(replaced(kSmallExperiment, "every_epochs = 2", "every_epochs = 1"),
                      "log_every = 1", "log_every = 1\ncheckpoint_every_epochs = 10");
  // Of the beginning and of three epochs; then comes the first line of the log of the fourth.
  const auto evaluated = version(calls_of_a_run(), "run.h5", 4);
  const auto made = folder() / "killed", whole = folder() / "untouched";
  ASSERT_EQ(run_with_fault(made, "kill", evaluated.last + 1).signal, SIGKILL);
  EXPECT_EQ(newest_step(made), 0);
  LeftResults left;
  left.keep(made);
  EXPECT_EQ(left.count(), 1);
  const auto rows = [](const fs::path& run) {
    const auto text = read_datasets(run).at("/metrics/knn/val/trained/plain/top1");
    return text.substr(text.find("] ") + 2);
  };
  const auto of_whole = rows(whole);  // four, one an epoch
  ASSERT_GT(of_whole.size(), 4U);
  EXPECT_TRUE(rows(made) == of_whole.substr(0, of_whole.size() / 4 * 3));
  finish(made);
  expect_equal_runs(made, whole);
  left.expect_open();
}

}  // namespace
}  // namespace kith::integration
