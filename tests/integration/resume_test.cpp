// SPDX-License-Identifier: Apache-2.0
// A run that was killed goes on and ends as one that was not.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "host/data/data_files.h"
#include "host/store/python.h"
#include "interrupted_run.h"
#include "left_results.h"
#include "run_contents.h"
#include "small_data.h"

namespace kith::integration {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ResumeTest : public InterruptedRun {
 protected:
  static constexpr int kEpochSteps = 9;  ///< of long_experiment()

  /// Killed when its log has `lines` lines, a run ends as one that was not.
  void expect_goes_on_exactly(const std::string& text, int lines) {
    const auto whole = run(text);
    const auto killed = interrupted(text, lines, SIGKILL).folder;
    finish(killed);
    expect_equal_runs(killed, whole);
  }

  /// long_experiment() with kQueueMethod, and an optimiser with momentum.
  static std::string long_queue_experiment() {
    const auto text = replaced(long_experiment(), kSmallMethod, kQueueMethod);
    return replaced(text, "kind = \"adamw\"\nbase_lr = 2e-3", "kind = \"sgd\"\nbase_lr = 0.05");
  }

  /// Steps in a run's log, which has each of them.
  static int steps_logged(const fs::path& run) {
    const auto log = read_log(run);
    return static_cast<int>(std::count_if(log.begin(), log.end(),
                                          [](const auto& line) { return line.contains("loss"); }));
  }

  /// A run of long_experiment() with a piece replaced, killed before its first checkpoint.
  fs::path killed_early(const std::string& old, const std::string& with) const {
    const auto text = replaced(replaced(long_experiment(), old, with), "log_every = 1",
                               "log_every = 1\ncheckpoint_every_epochs = 10");
    auto killed = interrupted(text, 5, SIGKILL).folder;
    EXPECT_EQ(newest_step(killed), 0);
    return killed;
  }

  /// The error of `kith run --resume`, which leaves the log as it is.
  std::string refusal(const fs::path& run, const std::vector<std::string>& more = {}) const {
    const auto log = read_text(run / "log.jsonl");
    std::vector<std::string> arguments = {"run", "--resume", run.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto outcome = kith(arguments);
    EXPECT_EQ(outcome.code, 1) << outcome.out;
    EXPECT_EQ(read_text(run / "log.jsonl"), log);
    return outcome.err;
  }

  /// Data of which only the labels are others.
  void write_other_data() const {
    write_idx_data(folder() / "other");
    std::vector<std::uint8_t> labels;
    for (int i = 0; i < kTrainImages; ++i) labels.push_back(static_cast<std::uint8_t>(i / 2 % 4));
    host::test::write_file(folder() / "other" / "train-labels-idx1-ubyte",
                           host::test::idx_bytes({kTrainImages}, labels));
  }
  std::string other_data_refused() const {
    return "resume: the images of train and val in '" + (folder() / "other").string() +
           "' are not those that the run began with (their names or labels differ); give the data "
           "set's place with --set data.path=FOLDER, or begin a new run";
  }
};

TEST_F(ResumeTest, KilledAtRandomStepsItEndsAsIfItHadNotBeen) {
  std::vector<std::pair<std::string, fs::path>> both;
  for (const auto& text : {long_experiment(), long_queue_experiment()})
    both.emplace_back(text, run(text));
  ASSERT_TRUE(read_tensors(newest_checkpoint(both[1].second)).contains("method.queue"));
  std::mt19937 random(20240601);
  std::string steps;
  LeftResults left;
  for (int i = 0; i < 20; ++i) {
    const auto& [text, whole] = both[static_cast<std::size_t>(i) % both.size()];
    const int step = 1 + static_cast<int>(random() % (kLongSteps - 10));
    const auto killed = interrupted(text, step, SIGKILL, static_cast<int>(random() % 3000)).folder;
    steps += " " + std::to_string(read_log(killed).size());
    // The step after an epoch is logged when the checkpoint of that epoch is there.
    EXPECT_GE(newest_step(killed), (steps_logged(killed) - 1) / kEpochSteps * kEpochSteps);
    left.keep(killed);
    finish(killed);
    expect_equal_runs(killed, whole);
  }
  std::printf("killed when the log had so many lines:%s\n", steps.c_str());
  EXPECT_EQ(left.count(), 20);
  left.expect_open();
}

TEST_F(ResumeTest, KilledThreeTimesItEndsAsIfItHadNotBeen) {
  const auto whole = run(long_experiment());
  const auto killed = interrupted(long_experiment(), 20, SIGKILL).folder;
  for (const int step : {40, 70}) {
    Process process(command({"run", "--resume", killed.string()}));
    wait_for_steps(process, killed, step);
    process.send(SIGKILL);
    EXPECT_EQ(process.wait().signal, SIGKILL) << "it ended before it was killed";
  }
  finish(killed);
  expect_equal_runs(killed, whole);
}

TEST_F(ResumeTest, KilledBeforeTheFirstCheckpointItBeginsAgain) {
  const auto whole = run(long_experiment());
  const auto killed = interrupted(replaced(long_experiment(), "log_every = 1",
                                           "log_every = 1\ncheckpoint_every_epochs = 10"),
                                  5, SIGKILL)
                          .folder;
  ASSERT_TRUE(fs::is_empty(killed / "checkpoints"));
  finish(killed);
  expect_equal_runs(killed, whole);
}

TEST_F(ResumeTest, KilledBeforeTheFirstCheckpointItStillFindsThePluginsBesideTheExperiment) {
  fs::copy_file(fs::path(KITH_INTEGRATION_PLUGINS) / "nearness_loss.so",
                folder() / "nearness_loss.so");
  const auto text =
      replaced(replaced(long_experiment(), "head_width", "loss = \"nearness_loss\"\nhead_width"),
               "log_every = 1", "log_every = 1\ncheckpoint_every_epochs = 10");
  const auto killed = interrupted(text, 5, SIGKILL).folder;
  ASSERT_TRUE(fs::is_empty(killed / "checkpoints"));
  finish(killed);
}

TEST_F(ResumeTest, LogAndMetricsThatAreThinnedAreEqualToo) {
  const auto text = replaced(long_experiment(), "log_every = 1", "log_every = 4");
  expect_goes_on_exactly(text, 12);
}

TEST_F(ResumeTest, AnOnlineProbeGoesOnExactly) {
  // Records of four steps, so that the signal comes within one.
  const auto text =
      replaced(long_experiment(), "log_every = 1", "log_every = 4") + "\n[online_probe]\n";
  const auto whole = run(text);
  ASSERT_TRUE(read_datasets(whole).contains("/metrics/train/online_probe_top1"));
  ASSERT_TRUE(read_tensors(newest_checkpoint(whole)).contains("online_probe/weight"));
  for (const int signal : {SIGKILL, SIGINT}) {
    const auto ended = interrupted(text, 12, signal).folder;
    finish(ended);
    expect_equal_runs(ended, whole);
  }
}

TEST_F(ResumeTest, SupervisedRunsResumeExactlyToo) {
  auto text = replaced(long_experiment(), kSmallMethod, "plugin = \"supervised\"");
  text = replaced(text, "count = 2", "count = 1");
  text = replaced(text, "kind = \"adamw\"\nbase_lr = 2e-3",
                  "kind = \"lars\"\nbase_lr = 0.1\n[schedule]\nwarmup_epochs = 2");
  expect_goes_on_exactly(text, 30);
}

TEST_F(ResumeTest, RunsWithAccumulationResumeExactlyToo) {
  const auto text = replaced(long_experiment(), "log_every = 1", "log_every = 1\naccumulation = 4");
  expect_goes_on_exactly(text, 30);
  EXPECT_NE(read_datasets(run(text)), read_datasets(run(long_experiment())))
      << "batch norm sees chunks";
}

TEST_F(ResumeTest, IsFoundByItsNameFromAnotherFolder) {
  Process process(command({"run", experiment(long_experiment())}));
  while (process.running() && !fs::exists(runs() / "small-latest")) {
  }
  wait_for_steps(process, runs() / "small-latest", 12);
  process.send(SIGKILL);
  ASSERT_EQ(process.wait().signal, SIGKILL);
  auto resume = command({"run", "--resume", "small-latest"});
  resume.folder = "/";
  const auto outcome = Process(resume).wait();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, testing::ContainsRegex("going on after step [0-9]+\n"));
}

TEST_F(ResumeTest, FinishedRunSaysSoAndStaysAsItIs) {
  const auto finished = run(kSmallExperiment);
  const auto log = read_text(finished / "log.jsonl");
  const auto outcome = kith({"run", "--resume", finished.string()});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out,
            "the run in " + finished.string() + " is finished; there is nothing left to do\n");
  EXPECT_EQ(read_text(finished / "log.jsonl"), log);
}

/// As if it had been killed after its last step, before its results were on disk.
TEST_F(ResumeTest, RunWithItsLastCheckpointAndNoResultsEvaluatesAgain) {
  const auto whole = run(kSmallExperiment);
  const auto log = read_log(whole);
  fs::remove(whole / "run.h5");
  finish(whole);
  EXPECT_EQ(read_log(whole), log);
  EXPECT_TRUE(read_datasets(whole).contains("/features/encoder/features/test"));
}

TEST_F(ResumeTest, RunThatIsUnderWayIsNotTouched) {
  const auto made = folder() / "busy";
  Process process(command({"run", experiment(long_experiment()), "--folder", made.string()}));
  wait_for_steps(process, made, 3);
  process.send(SIGSTOP);  // so that it does not end meanwhile
  const auto outcome = kith({"run", "--resume", made.string()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("run: '" + made.string() + "' is in use by process "));
  EXPECT_THAT(outcome.err, HasSubstr("; wait until it ends, or stop it"));
  process.send(SIGCONT);
  EXPECT_EQ(process.wait().code, 0);
}

TEST_F(ResumeTest, ChangedSettingIsRefused) {
  const auto killed = interrupted(long_experiment(), 12, SIGKILL).folder;
  const auto log = read_text(killed / "log.jsonl");
  const auto outcome =
      kith({"run", "--resume", killed.string(), "--set", "train.tensor_threads=2"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, testing::StartsWith("resume: --set train.tensor_threads: a run goes on "
                                               "with the settings that it began with"));
  EXPECT_EQ(read_text(killed / "log.jsonl"), log);
}

TEST_F(ResumeTest, GoesOnWithOtherLoaderThreads) {
  const auto whole = run(long_experiment());
  const auto killed = interrupted(long_experiment(), 50, SIGKILL).folder;
  EXPECT_GT(newest_step(killed), 0);
  const auto outcome =
      kith({"run", "--resume", killed.string(), "--set", "train.loader_threads=0"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(read_count(whole, "loader_threads"), 1);
  EXPECT_EQ(read_count(killed, "loader_threads"), 0);
  expect_equal_runs(killed, whole);
}

TEST_F(ResumeTest, SaysThatItWasOnAnotherDevice) {
  const auto python = host::find_python("h5py");
  if (python.empty()) GTEST_SKIP() << "no Python with h5py; KITH_PYTHON may name one";
  const auto killed = interrupted(long_experiment(), 50, SIGKILL).folder;
  const auto changed = host::run_python(python,
                                        "import h5py, sys\n"
                                        "with h5py.File(sys.argv[1] + '/run.h5', 'r+') as f:\n"
                                        "    f.attrs['device'] = 'abacus'\n",
                                        killed.string());
  ASSERT_EQ(changed.output, "");
  const auto outcome = kith({"run", "--resume", killed.string()});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err + outcome.out,
              HasSubstr("resume: the run was on abacus and goes on on "));
  expect_equal_runs(killed, run(long_experiment()));
}

TEST_F(ResumeTest, LogThatSomebodyCutIsToldOf) {
  const auto killed = interrupted(long_experiment(), 50, SIGKILL).folder;
  const auto log = read_text(killed / "log.jsonl");
  write_text(killed / "log.jsonl", log.substr(0, log.find('\n') + 1));
  const auto outcome = kith({"run", "--resume", killed.string()});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err,
              testing::ContainsRegex("resume: '.*log.jsonl' lacks [0-9]+ of the [0-9]+ bytes that "
                                     "it had at step [0-9]+: lines are missing; run.h5 has the "
                                     "numbers"));
  EXPECT_EQ(read_datasets(killed), read_datasets(run(long_experiment())));
}

TEST_F(ResumeTest, GoesOnWithItsTensorThreadsOnFewerCores) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "needs two cores";
  const auto text =
      replaced(replaced(long_experiment(), "tensor_threads = 1", "tensor_threads = 2"),
               "loader_threads = 1", "loader_threads = 0");
  const auto whole = run(text);
  const auto killed = interrupted(text, 30, SIGKILL).folder;
  auto resume = command({"run", "--resume", killed.string()});
  resume.program.insert(resume.program.begin(), {"taskset", "-c", "0"});
  const auto outcome = Process(resume).wait();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err,
              HasSubstr("the run began with 2 tensor threads and goes on with as many on 1 cores, "
                        "slower: another count would give other numbers"));
  expect_equal_runs(killed, whole);
}

TEST_F(ResumeTest, DataThatWereMovedAreFoundWhereSetSays) {
  const auto whole = run(long_experiment());
  const auto killed = interrupted(long_experiment(), 30, SIGKILL).folder;
  fs::rename(folder() / "data", folder() / "moved");
  const auto lost = kith({"run", "--resume", killed.string()});
  EXPECT_EQ(lost.code, 1);
  EXPECT_THAT(lost.err, HasSubstr((folder() / "data").string()));
  // Relative to where the program is started, as the shell completes it.
  const auto outcome = kith({"run", "--resume", killed.string(), "--set", "data.path=moved"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  expect_equal_runs(killed, whole);
}

TEST_F(ResumeTest, OtherDataAreRefused) {
  const auto killed = interrupted(long_experiment(), 30, SIGKILL).folder;
  write_other_data();
  EXPECT_THAT(refusal(killed, {"--set", "data.path=other"}), HasSubstr(other_data_refused()));
}

TEST_F(ResumeTest, OtherDataAreRefusedWithoutACheckpointToo) {
  const auto killed = killed_early("seed = 1", "seed = 2");
  write_other_data();
  EXPECT_THAT(refusal(killed, {"--set", "data.path=other"}), HasSubstr(other_data_refused()));
  finish(killed);
}

TEST_F(ResumeTest, OtherDataAreRefusedWhereRunH5WasLost) {
  const auto killed = interrupted(long_experiment(), 30, SIGKILL).folder;
  fs::remove(killed / "run.h5");
  write_other_data();
  EXPECT_THAT(refusal(killed, {"--set", "data.path=other"}), HasSubstr(other_data_refused()));
}

TEST_F(ResumeTest, ResolvedFileThatWasChangedIsRefusedAndNamesTheSettings) {
  const auto killed = interrupted(long_experiment(), 12, SIGKILL).folder;
  const auto file = killed / "resolved.toml";
  const auto text = read_text(file);
  write_text(file, replaced(replaced(text, "base_lr = 0.002", "base_lr = 0.004"),
                            "widths = [16, 32]", "widths = [16, 64]"));
  EXPECT_EQ(refusal(killed), "resume: '" + file.string() +
                                 "' has other settings than those that the run began with, which "
                                 "run.h5 keeps:\n"
                                 "  encoder.widths.1: 32, now 64\n"
                                 "  optimizer.base_lr: 0.002, now 0.004\n"
                                 "put them back, or begin a new run\n");
  write_text(file, replaced(text, "loader_threads = 1", "loader_threads = 0"));
  finish(killed);
}

TEST_F(ResumeTest, OtherPluginFileIsRefusedWithACheckpointAndWithoutOne) {
  const fs::path shipped = fs::path(KITH_INTEGRATION_PLUGINS) / "nearness_loss.so";
  const auto plugin = folder() / "plugins" / "nearness_loss.so";
  fs::create_directories(plugin.parent_path());
  fs::copy_file(shipped, plugin);
  const std::string with_loss = "loss = \"nearness_loss\"\nhead_width";
  const auto killed = {
      interrupted(replaced(long_experiment(), "head_width", with_loss), 12, SIGKILL).folder,
      killed_early("head_width", with_loss)};
  fs::remove(plugin);
  write_text(plugin, read_text(shipped) + "\n");
  for (const auto& run : killed) {
    const auto text = refusal(run);
    EXPECT_THAT(
        text,
        HasSubstr("resume: the run began with other plugin files than those that are found now"));
    EXPECT_THAT(text, HasSubstr("org.test.nearness_loss 0.1.0 "));
    EXPECT_THAT(text, HasSubstr("put the old files back, or begin a new run"));
  }
}

TEST_F(ResumeTest, DamagedNewestCheckpointNamesTheOneBefore) {
  const auto killed = interrupted(long_experiment(), 30, SIGKILL).folder;
  const auto newest = newest_checkpoint(killed);
  fs::resize_file(newest, fs::file_size(newest) / 2);
  const auto outcome = kith({"run", "--resume", killed.string()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr(newest.filename().string()));
  fs::remove(newest);
  const auto before = newest_checkpoint(killed).filename().string();
  EXPECT_THAT(outcome.err, HasSubstr(before));
  finish(killed);  // from the one before, as the text says
}

TEST_F(ResumeTest, FolderThatIsAbsentOrNoRunIsNamed) {
  const auto absent = kith({"run", "--resume", "nothere"});
  EXPECT_EQ(absent.code, 1);
  EXPECT_EQ(absent.err,
            "run: no run folder 'nothere', neither here nor in '" + runs().string() + "'\n");
  fs::create_directories(folder() / "other");
  const auto other = kith({"run", "--resume", "other"});
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.err, HasSubstr("is not a complete run folder: missing experiment.toml"));
}

}  // namespace
}  // namespace kith::integration
