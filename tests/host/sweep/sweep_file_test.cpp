// SPDX-License-Identifier: Apache-2.0
#include "sweep/sweep_file.h"

#include <gmock/gmock.h>

#include "sweep_fixture.h"

namespace kith::host {
namespace {

using testing::HasSubstr;

using SweepFileTest = SweepFixture;

TEST_F(SweepFileTest, KeysThatMayBeLeftOutHaveTheirDefaults) {
  const auto [sweep, grid] = read(kSmallSweep);
  EXPECT_EQ(sweep.name, "small");
  EXPECT_EQ(sweep.jobs, 1);
  EXPECT_TRUE(sweep.maximise);
  EXPECT_EQ(sweep.report_test, TestReport::kNone);
  EXPECT_TRUE(sweep.axes.empty());
  ASSERT_EQ(sweep.metrics.size(), 1U);
  EXPECT_EQ(sweep.metrics[0].path, "knn/val/trained/plain/top1");
  EXPECT_EQ(grid.points.size(), 1U);
  ASSERT_EQ(grid.runs.size(), 1U);
  EXPECT_EQ(grid.runs[0].seed, 0U);  // the experiment's
}

TEST_F(SweepFileTest, SmallTakesTheSmallValuesSeedsAndSettings) {
  const std::string text = std::string(kSmallSweep) + R"(seeds = [1, 2, 3]
[[axis]]
name = "batch"
key = "train.batch_size"
values = [64, 128, 256]
small_values = [8]
[small]
experiment = "little.toml"
seeds = [5]
jobs = 2
set = { "train.epochs" = 1 }
)";
  write("little.toml", "extends = \"base.toml\"\nname = \"little\"\n");
  const auto [large, large_grid] = read(text);
  EXPECT_EQ(large.name, "small");
  EXPECT_EQ(large_grid.runs.size(), 9U);
  EXPECT_THAT(large_grid.runs[0].resolved_toml, HasSubstr("epochs = 6\n"));
  const auto [small, grid] = read(text, true);
  EXPECT_EQ(small.name, "small-small");
  EXPECT_EQ(small.jobs, 2);
  ASSERT_EQ(grid.runs.size(), 1U);
  EXPECT_EQ(grid.runs[0].seed, 5U);
  EXPECT_EQ(grid.runs[0].batch_size, 8);
  EXPECT_THAT(grid.runs[0].resolved_toml, HasSubstr("name = \"little\"\n"));
  EXPECT_THAT(grid.runs[0].resolved_toml, HasSubstr("epochs = 1\n"));
}

TEST_F(SweepFileTest, AllMistakesAreReportedAtOnceWithTheirPlaces) {
  EXPECT_EQ(
      sweep_errors(R"(name = "a b"
experiment = "base.toml"
seedss = [1]
seeds = [1, 1]
jobs = 0
choose = { metric = "knn/test/trained/plain/top1", maximize = true }
metrics = ["top1"]
report_test = "al"
[[axis]]
name = "rate"
key = "optimizer.base_lr"
values = [0.1, [0.2]]
[[axis]]
name = "rate"
values = [{ lable = "x" }, 3]
[small]
sets = 1
)"),
      R"(sweep.name: must have 1 to 100 letters, digits, '_', '-' and '.', and begin with a letter, digit or '_', got "a b" (sweep.toml:1:8)
sweep: unknown key 'seedss'; did you mean 'seeds'? (sweep.toml:3:1)
sweep.seeds: each seed may stand once, got 1 twice (sweep.toml:4:13)
sweep.jobs: must be in [1, 1024], got 0 (sweep.toml:5:8)
sweep.choose.metric: a sweep compares and chooses on val, got 'knn/test/trained/plain/top1'; `report_test` puts numbers on test into the table (sweep.toml:6:21)
sweep.choose: unknown key 'maximize'; did you mean 'maximise'? (sweep.toml:6:52)
sweep.metrics: must be a metric of an evaluation, as "knn/top1" or in full "knn/val/trained/plain/top1", or of training, as "train/loss", got 'top1' (sweep.toml:7:12)
sweep.report_test: must be one of "none", "chosen", "all", got "al"; did you mean "all"? (sweep.toml:8:15)
sweep.axis.0.values.1: beside `key` a value is a number, text, true or false, got a list of 1 value; write { label = "...", set = { ... } } without `key` (sweep.toml:12:16)
sweep.axis.1: the name 'rate' stands at two axes (sweep.toml:13:1)
sweep.axis.1.values.0: the key 'label' is missing; it must be text, what tables and pictures call this value (sweep.toml:15:11)
sweep.axis.1.values.0: unknown key 'lable'; did you mean 'label'? (sweep.toml:15:13)
sweep.axis.1.values.1: must be a table { label = "...", set = { ... } }, or the axis has a `key` that its values are set to, got the integer 3 (sweep.toml:15:28)
sweep.small: unknown key 'sets'; did you mean 'set'? (sweep.toml:17:1)
14 errors in sweep.toml)");
}

TEST_F(SweepFileTest, WhatMustBeWrittenIsAskedFor) {
  const auto text = sweep_errors("seeds = []\n[[axis]]\nname = \"a\"\nvalues = []\n");
  EXPECT_THAT(text, HasSubstr("sweep: the key 'name' is missing; it must be text, the name of the "
                              "sweep's folder (sweep.toml)\n"));
  EXPECT_THAT(text, HasSubstr("sweep: the key 'choose' is missing; it must be a table"));
  EXPECT_THAT(text, HasSubstr("sweep.seeds: must have at least one seed, got an empty list "
                              "(sweep.toml:1:9)\n"));
  EXPECT_THAT(text,
              HasSubstr("sweep.axis.0.values: must have at least one value, got an empty list "
                        "(sweep.toml:4:10)\n"));
  EXPECT_THAT(
      sweep_errors("name = \"a\"\nchoose = { metric = \"knn/top1\" }\n"),
      HasSubstr("sweep: the key 'experiment' is missing; it must be text, the path of a TOML "
                "file (sweep.toml)\n"));
}

TEST_F(SweepFileTest, AMissingFileIsNamedWithTheNearest) {
  Problems problems;
  EXPECT_FALSE(read_sweep(folder_ / "bose.toml", false, problems));
  ASSERT_EQ(problems.mistakes().size(), 1U);
  EXPECT_THAT(problems.mistakes()[0].text, HasSubstr("sweep: no file 'bose.toml' in the folder "));
  EXPECT_THAT(problems.mistakes()[0].text, HasSubstr("; did you mean 'base.toml'?"));
}

TEST_F(SweepFileTest, WhatASweepSetsItselfCannotBeSet) {
  const auto text = sweep_errors(std::string(kSmallSweep) + R"(
set = { seed = 3, data = { read_test = true } }
)",
                                 {"data.read_test=true"});
  EXPECT_THAT(text, HasSubstr("sweep.set: 'seed' can't be set in a sweep: the sweep's `seeds` says "
                              "which (sweep.toml:5:9)\n"));
  EXPECT_THAT(text, HasSubstr("sweep.set: 'data.read_test' can't be set in a sweep: the sweep's "
                              "`report_test` says whether test is read (sweep.toml:5:28)\n"));
  EXPECT_THAT(text, HasSubstr("--set: 'data.read_test' can't be set in a sweep: the sweep's "
                              "`report_test` says whether test is read (--set "
                              "data.read_test=true)\n"));
}

}  // namespace
}  // namespace kith::host
