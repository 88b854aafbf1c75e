// SPDX-License-Identifier: Apache-2.0
// Runs that go on beyond the end that they began with: --extend epochs=N.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include "interrupted_run.h"
#include "run_contents.h"
#include "small_data.h"

namespace kith::integration {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ExtendTest : public InterruptedRun {
 protected:
  /// A run to its end, with a learning rate that stays: a longer one begins as a shorter one does.
  fs::path steady(int epochs, const std::string& name) const {
    const auto outcome =
        kith({"run", experiment(kSmallExperiment), "--folder", name, "--set",
              "schedule.kind=\"constant\"", "--set", "train.epochs=" + std::to_string(epochs)});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return folder() / name;
  }
  Outcome extend(const fs::path& run, const std::string& what,
                 const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{"run", "--resume", run.string(), "--extend", what};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return kith(arguments);
  }
  static std::vector<double> rates_of(const fs::path& run) {
    std::vector<double> rates;
    for (const auto& line : read_log(run))
      if (line.contains("learning_rate")) rates.push_back(line["learning_rate"]);
    return rates;
  }
  /// The steps at which a metric was written.
  static std::vector<int> steps_of(const fs::path& run, const std::string& metric) {
    std::vector<int> steps;
    for (const auto& line : read_log(run))
      if (line.contains("metric") && line["metric"] == metric) steps.push_back(line["step"]);
    return steps;
  }
};

TEST_F(ExtendTest, AFinishedRunEndsAsOneThatBeganWithTheLaterEnd) {
  const auto run = steady(4, "shorter"), whole = steady(6, "longer");
  const auto outcome = extend(run, "epochs=6");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(read_tensors(newest_checkpoint(run)) == read_tensors(newest_checkpoint(whole)));
  EXPECT_EQ(newest_checkpoint(run).filename(), newest_checkpoint(whole).filename());
  const auto features = "/features/encoder/features/test";
  EXPECT_EQ(read_datasets(run).at(features), read_datasets(whole).at(features));
  EXPECT_EQ(steps_of(run, "knn/test/trained/plain/top1"), (std::vector<int>{36, 54}))
      << "what the shorter run found stays";
  EXPECT_EQ(read_count(run, "test_reads"), 2);
  EXPECT_THAT(read_text(run / "resolved.toml"), HasSubstr("epochs = 6"));
  EXPECT_THAT(kith({"run", "--resume", run.string()}).out,
              HasSubstr("is finished; there is nothing left to do"));
}

TEST_F(ExtendTest, KilledAfterwardsItGoesOnToTheLaterEnd) {
  const auto run = steady(4, "shorter"), whole = steady(20, "longer");
  Process process(command({"run", "--resume", run.string(), "--extend", "epochs=20"}));
  wait_for_steps(process, run, 80);
  process.send(SIGKILL);
  EXPECT_EQ(process.wait().signal, SIGKILL) << "it ended before it was killed";
  finish(run);
  EXPECT_TRUE(read_tensors(newest_checkpoint(run)) == read_tensors(newest_checkpoint(whole)));
}

TEST_F(ExtendTest, KilledAtOnceItKeepsWhatTheShorterRunFound) {
  const auto run = steady(4, "shorter");
  Process process(command({"run", "--resume", run.string(), "--extend", "epochs=200"}));
  while (process.running() &&
         read_text(run / "resolved.toml").find("epochs = 200") == std::string::npos)
    ::usleep(300);
  process.send(SIGKILL);
  EXPECT_EQ(process.wait().signal, SIGKILL) << "it ended before it was killed";
  EXPECT_EQ(steps_of(run, "knn/test/trained/plain/top1"), (std::vector<int>{36}));
  Process again(command({"run", "--resume", run.string(), "--extend", "epochs=200"}));
  wait_for_steps(again, run, 80);
  again.send(SIGKILL);
  EXPECT_EQ(again.wait().signal, SIGKILL);
  EXPECT_EQ(steps_of(run, "knn/test/trained/plain/top1"), (std::vector<int>{36}));
}

TEST_F(ExtendTest, AStoppedRunIsExtendedToo) {
  const auto text = replaced(long_experiment(), "[[evaluation]]",
                             "[schedule]\nkind = \"constant\"\n\n[[evaluation]]");
  const auto stopped = interrupted(text, 30, SIGKILL).folder;
  EXPECT_EQ(extend(stopped, "epochs=12").code, 0);
  const auto whole =
      kith({"run", experiment(text), "--folder", "whole", "--set", "train.epochs=12"});
  EXPECT_EQ(whole.code, 0) << whole.err;
  EXPECT_TRUE(read_tensors(newest_checkpoint(stopped)) ==
              read_tensors(newest_checkpoint(folder() / "whole")));
}

TEST_F(ExtendTest, RunsThatWouldLoseOrConfuseSomethingAreRefused) {
  const auto run = steady(4, "sweep/cells/a-seed1-0");
  const auto before = read_datasets(run);
  write_text(folder() / "sweep" / "sweep.toml", "");
  EXPECT_THAT(extend(run, "epochs=6").err,
              HasSubstr("resume: --extend: the run is one of the sweep in '"));
  fs::remove(folder() / "sweep" / "sweep.toml");
  const auto newest = newest_checkpoint(run);
  fs::remove(newest);
  EXPECT_THAT(extend(run, "epochs=6").err,
              HasSubstr("resume: --extend: the run ended after 4 epochs, and the newest checkpoint "
                        "in '"));
  fs::remove_all(run / "checkpoints");
  fs::create_directory(run / "checkpoints");
  EXPECT_THAT(extend(run, "epochs=6").err,
              HasSubstr("resume: --extend: no checkpoint to go on from in '"));
  EXPECT_TRUE(read_datasets(run) == before) << "nothing was lost";
}

TEST_F(ExtendTest, AScheduleThatDependsOnTheEndIsStretchedOnlyIfTold) {
  const auto outcome = kith({"run", experiment(kSmallExperiment), "--folder", "run"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto run = folder() / "run";
  const auto before = read_datasets(run);
  const auto refused = extend(run, "epochs=6");
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("resume: --extend epochs=6: what depends on the run's end "
                                     "would have been another from the first step on: schedule "
                                     "(cosine); begin a new run, or add --stretch-schedules"));
  EXPECT_TRUE(read_datasets(run) == before) << "nothing was lost";
  EXPECT_EQ(extend(run, "epochs=4").code, 1);
  EXPECT_EQ(extend(run, "epochs=6", {"--stretch-schedules"}).code, 0);
  const auto longer =
      kith({"run", experiment(kSmallExperiment), "--folder", "longer", "--set", "train.epochs=6"});
  ASSERT_EQ(longer.code, 0) << longer.err;
  const auto rates = rates_of(run), wanted = rates_of(folder() / "longer");
  ASSERT_EQ(rates.size(), 54U);
  for (std::size_t step = 36; step < 54; ++step) EXPECT_EQ(rates[step], wanted[step]) << step;
  EXPECT_NE(rates[20], wanted[20]) << "the steps before were of the shorter schedule";
  bool told = false;
  for (const auto& line : read_log(run))
    told |= line.contains("schedules_stretched") && line["schedules_stretched"] == true &&
            line["epochs_before"] == 4 && line["epochs"] == 6 && line["step"] == 36;
  EXPECT_TRUE(told) << "a stretched run is not taken for one that always had this end";
  EXPECT_EQ(newest_checkpoint(run).filename(), "step-000000054.safetensors");
}

TEST_F(ExtendTest, NeedsARunToGoOnWith) {
  const auto outcome = kith({"run", experiment(kSmallExperiment), "--extend", "epochs=6"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("--extend requires --resume"));
}

}  // namespace
}  // namespace kith::integration
