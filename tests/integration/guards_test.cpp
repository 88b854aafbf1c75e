// SPDX-License-Identifier: Apache-2.0
// Runs that go wrong without an error, and healthy ones: what is told, with which exit code, and
// what is left on disk.
#include <gmock/gmock.h>

#include <algorithm>

#include "run_contents.h"
#include "small_data.h"
#include "workshop.h"

namespace kith::integration {
namespace {

namespace fs = std::filesystem;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr const char* kEncoder =
    "plugin = \"convnet\"\nwidths = [8, 16]\nstrides = [1, 2]\nfirst_kernel = 3";
constexpr const char* kMethod = "plugin = \"simclr\"\nhead_width = 16\nembedding_width = 8";

class GuardsTest : public Workshop {
 protected:
  GuardsTest() {
    write_idx_data(folder() / "data");
    environment["KITH_PLUGIN_PATH"] = KITH_METHOD_FIXTURES;
  }

  /// A run of the method that falls ill, with these options; it is in the folder "run".
  Outcome ill(const std::string& options, const std::vector<std::string>& set = {}) const {
    auto text = replaced(kSmallExperiment, kEncoder, "plugin = \"small_net\"");
    text = replaced(text, kMethod, "plugin = \"ill_method\"\n" + options);
    return start_run(text, set);
  }
  Outcome start_run(const std::string& text, const std::vector<std::string>& set) const {
    std::vector<std::string> arguments{"run", experiment(text), "--folder", "run"};
    for (const auto& each : set) {
      arguments.emplace_back("--set");
      arguments.push_back(each);
    }
    return kith(arguments);
  }
  std::vector<std::string> checkpoints() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder() / "run" / "checkpoints"))
      names.push_back(entry.path().filename().string());
    return names;
  }
};

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST_F(GuardsTest, MethodWhoseFeaturesCollapseIsToldOnce) {
  const auto outcome = ill("illness = \"collapse\"", {"train.epochs=30", "optimizer.base_lr=0.05"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(lines_of(outcome.err), 1U) << outcome.err;
  EXPECT_THAT(outcome.err,
              ContainsRegex("collapse: after step 2[05]0 all images have nearly the same rows: the "
                            "rows that the head 'gain' gives deviate by 0.0[0-9]+ / sqrt.4., .* of "
                            "the first step by "));
}

TEST_F(GuardsTest, ARunThatGoesOnIsHeldAgainstItsFirstStep) {
  ASSERT_EQ(ill("illness = \"collapse\"", {"train.epochs=2", "optimizer.base_lr=0.05"}).code, 0);
  const auto outcome =
      kith({"run", "--resume", "run", "--extend", "epochs=30", "--stretch-schedules"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr(" and those of the first step by 0."));
}

TEST_F(GuardsTest, LossThatCollapsesTheRowsThatEnterItIsToldOnce) {
  const auto text =
      replaced(kSmallExperiment, kMethod,
               std::string(kMethod) + "\nlast_norm = false\nloss = \"attraction_loss\"");
  const auto outcome = start_run(text, {"train.epochs=30", "optimizer.base_lr=0.01"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(lines_of(outcome.err), 1U) << outcome.err;
  EXPECT_THAT(outcome.err,
              ContainsRegex("collapse: after step 2[05]0 .*: the rows 'embedding' that enter the "
                            "loss org.test.attraction_loss deviate by 0.0[0-9]+ / sqrt.8.,"));
}

TEST_F(GuardsTest, TeacherThatNeverMovesIsToldOnce) {
  const auto outcome = ill("ema_momentum = 1.0", {"train.epochs=18"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(lines_of(outcome.err), 1U) << outcome.err;
  EXPECT_THAT(outcome.err,
              HasSubstr("teacher: 'method.gain@teacher' has not moved from step 1 to step 100, "
                        "with a learning rate above 0 (its ema_momentum is 1); try an "
                        "ema_momentum below 1"));
}

TEST_F(GuardsTest, TeacherThatEqualsItsStudentIsToldOnce) {
  const auto outcome = ill("illness = \"equal_teacher\"", {"train.epochs=18"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(lines_of(outcome.err), 1U) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("teacher: 'method.gain@teacher' equals its student "
                                     "'method.gain' after step 100, although its ema_momentum is "
                                     "0.9; look whether the method writes over it"));
}

TEST_F(GuardsTest, FatalStopsTheRunThatCanGoOnWithoutIt) {
  const auto outcome =
      ill("ema_momentum = 1.0", {"train.epochs=18", "guards.fatal=true", "guards.every_steps=10"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("has not moved from step 1 to step 60, "));
  EXPECT_THAT(outcome.err, HasSubstr("(guards.fatal = true: the run stops here)\n"));
  EXPECT_THAT(checkpoints(),
              UnorderedElementsAre("step-000000045.safetensors", "step-000000054.safetensors"));
  const auto resumed = kith({"run", "--resume", "run", "--set", "guards.fatal=false"});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
}

TEST_F(GuardsTest, LossThatIsNaNStopsBeforeAnyCheckpointOfIt) {
  const auto outcome = ill("illness = \"nan_loss\"\nfrom_step = 20");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err,
              HasSubstr("training: the loss is not finite at step 20 (got nan); try a lower "
                        "optimizer.base_lr (now 0.00"));
  EXPECT_THAT(checkpoints(),
              UnorderedElementsAre("step-000000009.safetensors", "step-000000018.safetensors"));
  std::size_t steps = 0;
  for (const auto& line : read_log(folder() / "run")) steps += line.contains("loss") ? 1 : 0;
  EXPECT_EQ(steps, 20U) << "what went well before is kept";
}

TEST_F(GuardsTest, InfiniteGradientStopsBeforeTheOptimizersStepAndAnyCheckpointOfIt) {
  const auto outcome = ill("illness = \"infinite_gradient\"\nfrom_step = 20");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err,
              ContainsRegex("training: the gradient is not finite at step 20, in 1 of 6 "
                            "parameters, the first 'method.factor' .the loss is [0-9.]+.; try a "
                            "lower optimizer.base_lr .now 0.00"));
  EXPECT_THAT(checkpoints(),
              UnorderedElementsAre("step-000000009.safetensors", "step-000000018.safetensors"));
}

TEST_F(GuardsTest, StateThatIsNaNIsNotMadeACheckpoint) {
  const auto outcome = ill("illness = \"nan_buffer\"\nfrom_step = 20");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("training: 'method.notes' is not finite after 27 steps (2 of "
                                     "its 2 numbers)"));
  EXPECT_THAT(checkpoints(),
              UnorderedElementsAre("step-000000009.safetensors", "step-000000018.safetensors"));
}

TEST_F(GuardsTest, ResultsBeforeAStateThatIsNaNAreKept) {
  const auto outcome =
      ill("illness = \"nan_buffer\"\nfrom_step = 20", {"evaluation.0.every_epochs=1"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(read_datasets(folder() / "run").at("/metrics/knn/val/trained/plain/top1"),
              HasSubstr("[3,]"));
}

/// The log can't be written from its first line on; then the loss is no number: both are told.
TEST_F(GuardsTest, ADiskThatFailsWhileTrainingEndsForAnotherReasonIsToldOfToo) {
  const auto text =
      replaced(replaced(kSmallExperiment, kEncoder, "plugin = \"small_net\""), kMethod,
               "plugin = \"ill_method\"\nillness = \"nan_loss\"\nfrom_step = 1");
  auto started = command({"run", experiment(text), "--folder", "run"});
  preload(started.environment, KITH_FAULT_SHIM);
  started.environment["FAULT_PATH"] = "log.jsonl";
  started.environment["FAULT_ACTION"] = "full";
  started.environment["FAULT_AT"] = "1";
  const auto outcome = Process(started).wait();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("log.jsonl': No space left on device"));
  EXPECT_THAT(outcome.err, HasSubstr("training: the loss is not finite at step 1"));
}

/// In the first step after a checkpoint was handed over: whether it was written yet is left open.
TEST_F(GuardsTest, AMethodThatEndsTheProcessLosesNothingThatAResumeDoesNotMakeAgain) {
  const std::string exits = "illness = \"exits\"\nfrom_step = 18";
  ASSERT_EQ(ill(exits).code, 0);
  fs::rename(folder() / "run", folder() / "whole");
  environment["ILL_METHOD_EXITS"] = "1";
  const auto outcome = ill(exits);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("kith: a plugin ended the process with exit(); the last one "
                                     "that was called: org.test.ill_method\n"));
  environment.erase("ILL_METHOD_EXITS");
  const auto resumed = kith({"run", "--resume", "run"});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  expect_equal_runs(folder() / "run", folder() / "whole");
}

TEST_F(GuardsTest, HealthyRunTellsNothing) {
  const auto outcome = ill("", {"train.epochs=30", "guards.every_steps=9"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
}

}  // namespace
}  // namespace kith::integration
