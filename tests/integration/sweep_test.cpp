// SPDX-License-Identifier: Apache-2.0
// `kith sweep`: its table, cells that fail, stops, mistakes.
#include <gmock/gmock.h>
#include <png.h>
#include <signal.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "run_contents.h"
#include "small_data.h"
#include "sweep_fixture.h"

namespace kith::integration {
namespace {

namespace fs = std::filesystem;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kVal = "knn/val/trained/plain/top1";
constexpr const char* kFewLabels = "knn/val/trained/plain/top1_1_labels";
constexpr const char* kTest = "knn/test/trained/plain/top1";

class SweepTest : public SweepWorkshop {
 protected:
  /// Column of the table with this head.
  std::size_t column(const std::string& head) const {
    const auto heads = table().at(0);
    const auto at = std::find(heads.begin(), heads.end(), head);
    EXPECT_NE(at, heads.end()) << head;
    return static_cast<std::size_t>(at - heads.begin());
  }
  /// Checks that each cell of two sweeps' folders ended the same, to the bit.
  void expect_equal_cells(const fs::path& other) const {
    const auto here = cells(made()), there = cells(other);
    ASSERT_EQ(here.size(), there.size());
    for (const auto& [name, run] : here) {
      SCOPED_TRACE(name);
      EXPECT_EQ(run.filename(), there.at(name).filename());
      expect_equal_runs(run, there.at(name));
    }
  }
  /// The sweep run without a break, in another folder.
  fs::path whole() {
    environment["KITH_RUNS"] = (folder() / "whole").string();
    run_sweep(0);
    environment["KITH_RUNS"] = runs().string();
    return folder() / "whole" / "try";
  }
  static void skip_without_two_cores() {
    if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "one core";
  }
};

TEST_F(SweepTest, TheTableHasTheNumbersOfTheRunsAndTheSecondTimeNothingIsRun) {
  sweep(R"(seeds = [1, 2]
metrics = ["knn/top1_1_labels", "train/loss"]
set = { "evaluation.0.labels_per_class" = [0, 1] }
)" + std::string(kTwoRates));
  const auto outcome = run_sweep(0);
  EXPECT_THAT(outcome.out, HasSubstr("try: 4 runs of 2 settings, 0 done already, 1 at a time, in "
                                     "runs/try\n[1/4] rate = 0.001, seed 1: begins (runs/try/cells/"
                                     "0.001-seed1-"));
  EXPECT_THAT(outcome.out,
              ContainsRegex("\\[4/4\\] rate = 0.01, seed 2: knn/top1 [01]\\.[0-9]+ in "));
  EXPECT_THAT(outcome.out, HasSubstr("Chosen on val by the largest mean of knn/top1: rate = "));
  EXPECT_THAT(outcome.out,
              HasSubstr("the table is in runs/try/table.csv, table.md, heatmap.png\n"));
  const auto runs = cells(made());
  ASSERT_EQ(runs.size(), 4U);
  const auto rows = table();
  ASSERT_EQ(rows.size(), 3U);
  for (const std::size_t row : {1U, 2U}) {
    double sum = 0, few = 0, loss = 0;
    for (const std::string seed : {"1", "2"}) {
      const auto& run = runs.at(rows[row][0] + "-seed" + seed);
      const double value = logged(run, kVal);
      EXPECT_EQ(std::stod(rows[row][column(kVal + std::string(" seed ") + seed)]), value);
      sum += value;
      few += logged(run, kFewLabels);
      for (const auto& line : read_log(run))
        if (line.contains("loss") && line["step"] == 18) loss += line["loss"].get<double>();
    }
    EXPECT_NEAR(std::stod(rows[row][column(kVal + std::string(" mean"))]), sum / 2, 1e-15);
    EXPECT_NEAR(std::stod(rows[row][column(kFewLabels + std::string(" mean"))]), few / 2, 1e-15);
    EXPECT_NEAR(std::stod(rows[row][column("train/loss mean")]), loss / 2, 1e-12);
    EXPECT_GT(std::stod(rows[row][column("images_per_s mean")]), 0);
    EXPECT_GT(std::stod(rows[row][column("peak_memory_bytes mean")]), 1e6);
    EXPECT_GT(std::stod(rows[row][column("step_s mean")]), 0);
  }
  EXPECT_EQ(read_text(made() / "sweep.toml"), read_text(folder() / "sweep.toml"));
  for (const auto& [name, run] : runs)
    EXPECT_FALSE(read_datasets(run).contains("/samples/test/path")) << "test was read";

  const auto before = read_text(made() / "table.csv");
  const auto again = run_sweep(0);
  EXPECT_THAT(again.out, HasSubstr("4 done already"));
  EXPECT_THAT(again.out, Not(HasSubstr("begins")));
  EXPECT_EQ(read_text(made() / "table.csv"), before);
  EXPECT_THAT(run_sweep(0, {"--list"}).out, HasSubstr("   4  done   rate = 0.01, seed 2\n"));
}

TEST_F(SweepTest, ACellIsTheRunThatThoseSettingsGive) {
  sweep("seeds = [3]\n" + std::string(kTwoRates));
  run_sweep(0);
  const auto alone = folder() / "alone";
  const auto outcome =
      kith({"run", "base.toml", "--set", "optimizer.base_lr=0.01", "--set", "seed=3", "--set",
            "data.read_test=false", "--folder", alone.string()});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  expect_equal_runs(cells(made()).at("0.01-seed3"), alone);
}

TEST_F(SweepTest, APngWithACellOfItsOwnColourForEachSetting) {
  sweep(std::string(kTwoRates) +
        "[[axis]]\nname = \"width\"\nkey = \"method.head_width\"\nvalues = [4, 8]\n");
  run_sweep(0);
  png_image image;
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  ASSERT_NE(png_image_begin_read_from_file(&image, (made() / "heatmap.png").c_str()), 0);
  EXPECT_GT(image.width, 300U);
  EXPECT_GT(image.height, 100U);
  png_image_free(&image);
  EXPECT_EQ(table().size(), 5U);
}

TEST_F(SweepTest, AFailingCellIsToldAndTheOthersGoOn) {
  take_plugin(KITH_INTEGRATION_PLUGINS, "failing_loss");
  sweep(R"(
[[axis]]
name = "loss"
values = [
  { label = "infinite", set = { "method.loss" = "failing_loss" } },
  { label = "as it is" },
]
)");
  const auto outcome = run_sweep(1);
  EXPECT_THAT(outcome.out, HasSubstr("[1/2] loss = infinite, seed 1: failed: training: the loss is "
                                     "not finite at step 4 (got inf)"));
  EXPECT_THAT(outcome.err,
              HasSubstr("sweep: 1 of 2 runs failed; `kith sweep sweep.toml` tries them "
                        "again:\n  loss = infinite, seed 1: training: the loss is not "
                        "finite at step 4"));
  const auto markdown = read_text(made() / "table.md");
  EXPECT_THAT(markdown, testing::ContainsRegex("\\| infinite \\|  \\| 0, 1 failed \\|(  "
                                               "\\|){3,4}\n\\| \\*\\*as it is\\*\\* \\| \\*\\*"));
  EXPECT_THAT(markdown,
              HasSubstr("Chosen on val by the largest mean of knn/top1: loss = as it is"));
  EXPECT_THAT(markdown, HasSubstr("Failed: loss = infinite, seed 1: training: the loss is not"));
  const auto again = run_sweep(1);
  EXPECT_THAT(again.out, HasSubstr("1 done already"));
}

TEST_F(SweepTest, ACellWhoseProcessIsKilledEndsAloneAndGoesOnTheNextTime) {
  sweep("set = { train.epochs = 40 }\n" + std::string(kTwoRates));
  Process process(command({"sweep", "sweep.toml"}));
  wait_for_lines(process, "0.001-seed1", 12);
  ASSERT_TRUE(process.running());
  ::kill(std::stoi(read_text(cells(made()).at("0.001-seed1") / "run.lock")), SIGKILL);
  const auto outcome = process.wait();
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("rate = 0.001, seed 1: the process was ended by signal 9 "
                                     "(Killed)"));
  EXPECT_EQ(table().at(2).at(2), "1");  // done
  const auto again = run_sweep(0);
  EXPECT_THAT(again.out, HasSubstr("rate = 0.001, seed 1: goes on ("));
  expect_equal_cells(whole());
}

TEST_F(SweepTest, KilledInTheMiddleItGoesOnAndEndsAsOneThatWasNot) {
  sweep("set = { train.epochs = 20 }\n" + std::string(kTwoRates));
  {
    Process process(command({"sweep", "sweep.toml"}));
    wait_for_lines(process, "0.01-seed1", 30);
    ASSERT_TRUE(process.running());
    process.send(SIGKILL);
    EXPECT_EQ(process.wait().signal, SIGKILL);
  }
  const auto listed = run_sweep(0, {"--list"});
  EXPECT_THAT(listed.out, HasSubstr("done   rate = 0.001, seed 1\n"));
  EXPECT_THAT(listed.out, HasSubstr("begun  rate = 0.01, seed 1\n"));
  const auto again = run_sweep(0);
  EXPECT_THAT(again.out, HasSubstr("1 done already"));
  EXPECT_THAT(again.out, HasSubstr("[2/2] rate = 0.01, seed 1: goes on ("));
  expect_equal_cells(whole());
}

TEST_F(SweepTest, TwoAtATimeAreStoppedByTerminationAndBothGoOn) {
  skip_without_two_cores();
  if (IsSkipped()) return;
  sweep("set = { train.epochs = 60 }\njobs = 2\n" + std::string(kTwoRates));
  Process process(command({"sweep", "sweep.toml"}));
  wait_for_lines(process, "0.001-seed1", 12);
  wait_for_lines(process, "0.01-seed1", 12);
  ASSERT_TRUE(process.running());
  process.send(SIGTERM);
  const auto outcome = process.wait();
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("[1/2] rate = 0.001, seed 1: stopped\n"));
  EXPECT_THAT(outcome.out, HasSubstr("[2/2] rate = 0.01, seed 1: stopped\n"));
  EXPECT_THAT(outcome.out,
              HasSubstr("stopped; the runs that were under way have checkpoints. Go on "
                        "with: kith sweep sweep.toml\n"));
  for (const auto& [name, run] : cells(made()))
    EXPECT_FALSE(fs::is_empty(run / "checkpoints")) << name;
  const auto again = run_sweep(0);
  EXPECT_THAT(again.out, HasSubstr("0 done already, 2 at a time"));
  EXPECT_THAT(again.out, HasSubstr("goes on"));
  EXPECT_THAT(again.out, Not(HasSubstr("begins")));
  expect_equal_cells(whole());
}

TEST_F(SweepTest, MistakesOfAllCellsStandTogetherAndNothingIsBegun) {
  sweep(R"(
[[axis]]
name = "batch"
key = "train.batch_size"
values = [32, 3200, 6400]
)");
  const auto checked = run_sweep(1);
  EXPECT_THAT(checked.err, HasSubstr("batch = 3200: train.batch_size: the batch is larger than the "
                                     "data set: wanted at most 295"));
  EXPECT_THAT(checked.err, HasSubstr("batch = 6400: train.batch_size: the batch is larger"));
  EXPECT_THAT(checked.err, HasSubstr("2 of 3 settings of sweep.toml can't run; none was begun\n"));
  EXPECT_EQ(checked.out, "");
  EXPECT_TRUE(made_runs().empty());
  EXPECT_THAT(run_sweep(1, {"--check"}).err, HasSubstr("2 of 3 settings"));
  EXPECT_THAT(run_sweep(1, {"--jobs", "1000"}).err,
              ContainsRegex("sweep: jobs must be at most the [0-9]+ cores, so that each run has "
                            "one, got 1000"));
  sweep("[[axis]]\nname = \"a\"\nkey = \"optimizer.bas_lr\"\nvalues = [1]\n");
  EXPECT_THAT(run_sweep(1).err,
              HasSubstr("optimizer: unknown key 'bas_lr'; did you mean 'base_lr'? "
                        "(sweep.toml:7:11)\n1 error in sweep.toml\n"));
  EXPECT_TRUE(made_runs().empty());
}

TEST_F(SweepTest, ChangedSettingsAreNewCellsAndOldRunsStay) {
  sweep("[[axis]]\nname = \"rate\"\nkey = \"optimizer.base_lr\"\nvalues = [0.001]\n");
  run_sweep(0);
  sweep(std::string(kTwoRates) + "[small]\nset = { \"train.epochs\" = 1 }\n");
  EXPECT_THAT(run_sweep(0).out, HasSubstr("2 runs of 2 settings, 1 done already"));
  sweep("[[axis]]\nname = \"rate\"\nkey = \"optimizer.base_lr\"\nvalues = [0.01, 0.002]\n");
  const auto outcome = run_sweep(0);
  EXPECT_THAT(outcome.out, HasSubstr("1 done already"));
  EXPECT_THAT(outcome.err, ContainsRegex("1 run folders belong to no cell of sweep.toml any more, "
                                         "since the settings have changed; they are left as they "
                                         "are, and the changed cells are new: 0.001-seed1-"));
  EXPECT_EQ(cells(made()).size(), 3U);
}

TEST_F(SweepTest, TestIsReadAndShownForTheChosenSettingWhereItIsAskedFor) {
  sweep("report_test = \"chosen\"\n" + std::string(kTwoRates));
  run_sweep(0);
  const auto rows = table();
  const auto chosen = rows[1][1] == "1" ? 1U : 2U;
  const auto test = column(kTest + std::string(" mean"));
  const auto run = cells(made()).at(rows[chosen][0] + "-seed1");
  EXPECT_EQ(std::stod(rows[chosen][test]), logged(run, kTest));
  EXPECT_EQ(std::stod(rows[chosen][column(kVal + std::string(" mean"))]), logged(run, kVal));
  EXPECT_EQ(rows[3 - chosen][test], "");
  EXPECT_TRUE(read_datasets(run).contains("/samples/test/path"));
}

TEST_F(SweepTest, TheTableGoesIntoAFileAsWell) {
  sweep("");
  const std::string begin = "<!-- sweep try -->\n", end = "<!-- end of sweep try -->\n";
  write_text(folder() / "README.md", "text\n" + begin + end + "more\n");
  run_sweep(0, {"--into", "README.md"});
  EXPECT_EQ(read_text(folder() / "README.md"),
            "text\n" + begin + "\n" + read_text(made() / "table.md") + "\n" + end + "more\n");
}

TEST_F(SweepTest, ARunTakesNoMoreThanItsShareOfTheCores) {
  const auto text = replaced(kSmallExperiment, "tensor_threads = 1\nloader_threads = 1\n", "");
  environment["KITH_CORES"] = "1";
  const auto made = run(text, {"--set", "train.epochs=1"});
  EXPECT_THAT(read_text(made / "resolved.toml"),
              HasSubstr("tensor_threads = 1\nloader_threads = 0\n"));
  EXPECT_THAT(error_of_run(kSmallExperiment),
              HasSubstr("train: tensor_threads and loader_threads together must not exceed the 1 "
                        "cores, got 1 and 1"));
  environment["KITH_CORES"] = "two";
  EXPECT_THAT(error_of_run(kSmallExperiment),
              HasSubstr("KITH_CORES: must be an integer >= 1, got 'two'"));
  environment["KITH_CORES"] = "100000";
  EXPECT_THAT(error_of_run(kSmallExperiment),
              testing::ContainsRegex("KITH_CORES: must be at most the [0-9]+ cores that the system "
                                     "gives this process, got 100000"));
}

TEST_F(SweepTest, HelpHasExamplesAndExitCodes) {
  const auto outcome = kith({"sweep", "--help"});
  EXPECT_EQ(outcome.code, 0);
  for (const char* text : {"--jobs", "--small", "--set", "--list", "--check", "--into", "--device",
                           "examples:\n  kith sweep ", "exit codes: 0 done; 1 "})
    EXPECT_THAT(outcome.out, HasSubstr(text));
  EXPECT_THAT(outcome.out, Not(HasSubstr("--parent")));
  EXPECT_EQ(kith({"sweep"}).code, 2);
}

}  // namespace
}  // namespace kith::integration
