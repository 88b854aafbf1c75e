// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and SIGTERM: a checkpoint, and the text that says how to go on.
#include <gmock/gmock.h>
#include <signal.h>

#include "interrupted_run.h"
#include "run_contents.h"

namespace kith::integration {
namespace {

using testing::HasSubstr;

class StopTest : public InterruptedRun {
 protected:
  void expect_stops_and_goes_on(int signal, const std::string& text, int lines) {
    const auto whole = run(text);
    const auto [stopped, outcome] = interrupted(text, lines, signal);
    EXPECT_EQ(outcome.code, 3) << outcome.err;
    EXPECT_EQ(outcome.signal, 0);
    EXPECT_THAT(outcome.out,
                HasSubstr("stopped; a checkpoint was written. Go on with: kith run --resume " +
                          stopped.string() + "\n"));
    EXPECT_FALSE(std::filesystem::is_empty(stopped / "checkpoints"));
    EXPECT_TRUE(read_datasets(stopped).contains("/metrics/train/loss"));

    const auto step = std::stoi(newest_checkpoint(stopped).stem().string().substr(5));
    const auto resumed = kith({"run", "--resume", stopped.string()});
    EXPECT_EQ(resumed.code, 0) << resumed.err;
    EXPECT_THAT(resumed.out, HasSubstr("going on after step " + std::to_string(step) + "\n"));
    expect_equal_runs(stopped, whole);
  }
};

TEST_F(StopTest, ControlCWritesACheckpointAndTheRunGoesOnExactly) {
  expect_stops_and_goes_on(SIGINT, long_experiment(), 13);
}

TEST_F(StopTest, TerminationWritesACheckpointAndTheRunGoesOnExactly) {
  expect_stops_and_goes_on(SIGTERM, long_experiment(), 40);
}

TEST_F(StopTest, BetweenTwoLinesOfTheLogNothingIsLost) {
  expect_stops_and_goes_on(SIGINT, replaced(long_experiment(), "log_every = 1", "log_every = 4"),
                           10);
}

TEST_F(StopTest, OnATerminalTheBarEndsBeforeTheText) {
  const auto made = folder() / "terminal";
  auto started = command({"run", experiment(long_experiment()), "--folder", made.string()});
  started.terminal = true;
  Process process(started);
  wait_for_steps(process, made, 10);
  process.send(SIGINT);
  const auto outcome = process.wait();
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.out, HasSubstr("left\x1b[K\r\nstopped; a checkpoint was written."));
}

}  // namespace
}  // namespace kith::integration
