// SPDX-License-Identifier: Apache-2.0
// Killed, or with a failing disk, at every single call that makes a checkpoint or run.h5.
#include <gmock/gmock.h>
#include <signal.h>

#include "faulty_run.h"
#include "host/store/python.h"
#include "run_contents.h"

namespace kith::integration {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// Opens every run.h5 below a folder as a user would.
constexpr const char* kOpenAll = R"(
import glob, sys, h5py
files = glob.glob(sys.argv[1] + "/**/*run.h5", recursive=True)
for file in files:
    with h5py.File(file) as f:
        f.visititems(lambda name, item: item[()] if isinstance(item, h5py.Dataset) else None)
print(len(files), "opened")
)";

class FaultTest : public FaultyRun {
 protected:
  /// Kills a run at each call of a range; each goes on and ends as one that was not killed.
  void expect_survives(const Range& range) const {
    const auto whole = folder() / "untouched";
    const auto left = folder() / "left";
    fs::create_directories(left);
    int with_results = 0;
    for (long at = range.first; at <= range.last; ++at) {
      SCOPED_TRACE("killed at call " + std::to_string(at));
      const auto made = folder() / ("killed" + std::to_string(at));
      ASSERT_EQ(run_with_fault(made, "kill", at).signal, SIGKILL);
      if (fs::exists(made / "run.h5")) {
        ++with_results;
        fs::copy_file(made / "run.h5", left / (std::to_string(at) + "-run.h5"));
      }
      finish(made);
      expect_equal_runs(made, whole);
      fs::remove_all(made);
    }
    std::printf("killed at %ld calls, %d left a run.h5\n", range.last - range.first + 1,
                with_results);
    const auto python = host::find_python("h5py");
    if (python.empty()) return;
    const auto opened = host::run_python(python, kOpenAll, left.string());
    EXPECT_EQ(opened.output, std::to_string(with_results) + " opened\n");
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
      finish(made);
      expect_equal_runs(made, folder() / "untouched");
      fs::remove_all(made);
    }
    std::printf("the disk failed at %ld calls\n", (range.last - range.first) / stride + 1);
  }
};

TEST_F(FaultTest, AWriteOfTheResultsThatFailsAnywhereIsAnErrorAndLosesNothing) {
  expect_error_and_survives(version(calls_of_a_run(), "run.h5", 2), "fail", 1, "run.h5'",
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
  expect_survives(version(calls_of_a_run(), "run.h5", 2));
}

}  // namespace
}  // namespace kith::integration
