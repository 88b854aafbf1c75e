// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and SIGTERM: a checkpoint, and the text that says how to go on. Readers of a run's text.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include "interrupted_run.h"
#include "run_contents.h"
#include "small_data.h"

namespace kith::integration {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

/// For a shell; none of the words has a quote.
std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += "'" + word + "' ";
  return text;
}

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
  /// A run whose text goes to a reader, a shell's words, through a pipe that is full before its
  /// first word. Its exit code goes into the file "code".
  Command into_full_pipe(const fs::path& made, const std::string& reader) const {
    auto started = command({"run", experiment(kSmallExperiment), "--folder", made.string()});
    const auto shell = "(head -c 65536 /dev/zero; " + joined(started.program) +
                       "; echo $? > code) | " + reader +
                       " > /dev/null; while [ ! -s code ]; do sleep 0.1; done";
    started.program = {"sh", "-c", shell};
    return started;
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

TEST_F(StopTest, ASecondControlCEndsTheProcessAtOnceAndTheRunGoesOnExactly) {
  // A checkpoint at every epoch, and a step of some 10 ms in which both signals come.
  const auto whole = run(long_experiment());
  Outcome outcome;
  fs::path made;
  for (int attempt = 0; attempt < 10 && outcome.code != 130; ++attempt) {
    made = folder() / ("twice" + std::to_string(attempt));
    Process process(command({"run", experiment(long_experiment()), "--folder", made.string()}));
    wait_for_steps(process, made, 31);
    process.send(SIGINT);
    ::usleep(500);
    process.send(SIGINT);
    outcome = process.wait();
  }
  ASSERT_EQ(outcome.code, 130) << outcome.err;
  EXPECT_EQ(outcome.out.find("stopped;"), std::string::npos);
  const auto resumed = kith({"run", "--resume", made.string()});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  expect_equal_runs(made, whole);
}

TEST_F(StopTest, AClosedTerminalWritesACheckpointAndTheRunGoesOnExactly) {
  const auto text =
      replaced(long_experiment(), "log_every = 1", "log_every = 1\ncheckpoint_every_epochs = 10");
  const auto whole = run(text);
  const auto made = folder() / "closed";
  // `script` is the terminal: it holds the other end and goes with its window.
  auto started = command({"run", experiment(text), "--folder", made.string()});
  started.program = {"script", "-qec", joined(started.program), "/dev/null"};
  Process terminal(started);
  wait_for_steps(terminal, made, 20);
  terminal.send(SIGKILL);
  EXPECT_EQ(terminal.wait().signal, SIGKILL);
  for (int i = 0; i < 2000 && fs::is_empty(made / "checkpoints"); ++i) ::usleep(5000);
  ASSERT_LT(newest_checkpoint(made).filename(), fs::path("step-000000090.safetensors"));
  Outcome resumed;
  do {
    resumed = kith({"run", "--resume", made.string()});
  } while (resumed.err.find("is in use by process") != std::string::npos);
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  expect_equal_runs(made, whole);
}

TEST_F(StopTest, AReaderThatLeavesStopsNothing) {
  const auto whole = run(kSmallExperiment);
  const auto made = folder() / "made";
  EXPECT_EQ(Process(into_full_pipe(made, "head -n 1")).wait().code, 0);
  EXPECT_EQ(read_text(folder() / "code"), "0\n");
  expect_equal_runs(made, whole);
}

TEST_F(StopTest, AReaderThatDoesNotReadHoldsUpNothingButTheLastText) {
  const auto whole = run(kSmallExperiment);
  const auto made = folder() / "made";
  Process process(into_full_pipe(made, "while [ ! -e leave ]; do sleep 0.1; done"));
  // Test's results come into run.h5 with the last that a run writes.
  const auto all_written = [&] {
    return fs::exists(made / "run.h5") &&
           read_datasets(made).contains("/metrics/knn/test/trained/plain/top1");
  };
  for (int i = 0; i < 600 && !all_written(); ++i) ::usleep(100000);  // a minute
  ASSERT_TRUE(all_written());
  expect_equal_runs(made, whole);
  EXPECT_FALSE(fs::exists(folder() / "code"));  // the last text waits: the pipe is full indeed
  write_text(folder() / "leave", "");
  EXPECT_EQ(process.wait().code, 0);
  EXPECT_EQ(read_text(folder() / "code"), "0\n");
}

TEST_F(StopTest, DuringTheEvaluationAtTheEndItStopsBeforeTheNextRow) {
  take_plugin(KITH_INTEGRATION_PLUGINS, "interrupting_evaluation");
  const auto text =
      replaced(kSmallExperiment, "[[evaluation]]",
               "[[evaluation]]\nplugin = { file = \"plugins/interrupting_evaluation.so\" }\n"
               "every_epochs = 100\n\n[[evaluation]]");
  const auto whole = run(text);
  environment["KITH_TEST_INTERRUPT"] = "1";
  const auto made = folder() / "made";
  const auto outcome = kith({"run", experiment(text), "--folder", made.string()});
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("stopped; a checkpoint was written. Go on with: kith run "
                                     "--resume " +
                                     made.string()));
  EXPECT_FALSE(read_datasets(made).contains("/metrics/knn/test/trained/plain/top1"));
  environment.erase("KITH_TEST_INTERRUPT");
  const auto resumed = kith({"run", "--resume", made.string()});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  expect_equal_runs(made, whole);
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
