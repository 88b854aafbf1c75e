// SPDX-License-Identifier: Apache-2.0
#include "sweep/grid.h"

#include <gmock/gmock.h>

#include <set>

#include "sweep_fixture.h"

namespace kith::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using GridTest = SweepFixture;

constexpr const char* kRates = R"(
[[axis]]
name = "rate"
key = "optimizer.base_lr"
values = [0.1, 0.2]
)";

TEST_F(GridTest, TheLastAxisIsTheFastestAndSeedsAreInnermost) {
  const auto [sweep, grid] = read(std::string(kSmallSweep) + "seeds = [7, 8]" + kRates + R"(
[[axis]]
name = "size"
values = [
  { label = "as it is" },
  { label = "32 px", set = { "views.0.size" = 32 } },
]
)");
  ASSERT_EQ(grid.points.size(), 4U);
  EXPECT_THAT(grid.points[1].labels, ElementsAre("0.1", "32 px"));
  EXPECT_THAT(grid.points[2].labels, ElementsAre("0.2", "as it is"));
  ASSERT_EQ(grid.runs.size(), 8U);
  EXPECT_EQ(run_text(sweep, grid, grid.runs[3]), "rate = 0.1, size = 32 px, seed 8");
  EXPECT_THAT(grid.runs[3].resolved_toml, HasSubstr("base_lr = 0.1\n"));
  EXPECT_THAT(grid.runs[3].resolved_toml, HasSubstr("size = 32\n"));
  EXPECT_THAT(grid.runs[3].resolved_toml, HasSubstr("seed = 8\n"));
  EXPECT_THAT(grid.runs[4].resolved_toml, HasSubstr("size = 28\n"));
  std::set<std::string> ids;
  for (const auto& run : grid.runs) ids.insert(run.id);
  EXPECT_EQ(ids.size(), 8U);
}

TEST_F(GridTest, LaterGoesOverEarlierAndTheCommandLineOverAll) {
  const std::string text = std::string(kSmallSweep) + R"(
set = { "train.epochs" = 2, optimizer.weight_decay = 0.5 }
[[axis]]
name = "epochs"
key = "train.epochs"
values = [3, 4]
)";
  const auto set = read(text).grid.runs[1].resolved_toml;
  EXPECT_THAT(set, HasSubstr("\nepochs = 4\n"));
  EXPECT_THAT(set, HasSubstr("weight_decay = 0.5\n"));
  EXPECT_THAT(set, HasSubstr("base_lr = 0.004\n"));  // a nested table leaves the rest as it is
  EXPECT_THAT(read(text, false, {"optimizer.base_lr=1"}).grid.runs[1].resolved_toml,
              HasSubstr("base_lr = 1.0\n"));
}

TEST_F(GridTest, AListOfViewsIsSetAsAWholeAndChecked) {
  const auto values = [](const std::string& plugin) {
    return std::string(kSmallSweep) + R"(
[[axis]]
name = "views"
values = [{ label = "one", set = { views = [{ count = 2, size = 20, augment = [{ plugin = ")" +
           plugin + R"(" }] }] } }]
)";
  };
  const auto text = read(values("flip")).grid.runs[0].resolved_toml;
  EXPECT_THAT(text, HasSubstr("size = 20\n"));
  EXPECT_THAT(text, HasSubstr("org.kith.flip"));
  EXPECT_THAT(
      sweep_errors(values("flop")),
      HasSubstr(
          "views.0.augment.0: no augmentation 'flop'; did you mean 'flip'? (sweep.toml:7:91)"));
}

TEST_F(GridTest, AnAxisOfExperimentsHasOneCellForEach) {
  write("other.toml", small_with("simclr", "moco") + "[[evaluation]]\nplugin = \"knn\"\n");
  const auto [sweep, grid] = read(R"(name = "methods"
choose = { metric = "knn/top1" }
seeds = [1, 2]
[[axis]]
name = "method"
values = [
  { label = "one", experiment = "base.toml" },
  { label = "two", experiment = "other.toml" },
]
)" + std::string(kRates));
  ASSERT_EQ(grid.runs.size(), 8U);
  EXPECT_THAT(grid.runs[0].resolved_toml, HasSubstr("org.kith.simclr"));
  EXPECT_THAT(grid.runs[4].resolved_toml, HasSubstr("org.kith.moco"));
}

TEST_F(GridTest, ACaseSetsOrLeavesOutSomeCells) {
  const auto text = std::string(kSmallSweep) + kRates + R"(
[[axis]]
name = "epochs"
key = "train.epochs"
values = [1, 2, 3]
[[case]]
where = { rate = "0.2", epochs = ["1", "3"] }
leave_out = true
[[case]]
where = { epochs = "3" }
set = { "train.epochs" = 5 }
)";
  const auto [sweep, grid] = read(text);
  EXPECT_EQ(grid.points.size(), 6U);
  ASSERT_EQ(grid.runs.size(), 4U);
  EXPECT_EQ(run_text(sweep, grid, grid.runs[3]), "rate = 0.2, epochs = 2, seed 0");
  EXPECT_THAT(grid.runs[2].resolved_toml, HasSubstr("\nepochs = 5\n"));
}

TEST_F(GridTest, ACaseNamesAxesAndLabelsThatThereAre) {
  const auto text = sweep_errors(std::string(kSmallSweep) + kRates + R"([[case]]
where = { rat = "0.1", rate = "0.3" }
[[case]]
leave_out = true
[[case]]
where = {}
)");
  EXPECT_THAT(text, HasSubstr("sweep.case.0.where: there is no axis 'rat'; did you mean 'rate'? "
                              "(sweep.toml:10:11)\n"));
  EXPECT_THAT(text, HasSubstr("sweep.case.0.where.rate: the axis has no label '0.3'; did you mean "
                              "'0.1'? (sweep.toml:10:31)\n"));
  EXPECT_THAT(text, HasSubstr("sweep.case.1: the key 'where' is missing; it must be a table"));
  EXPECT_THAT(text, HasSubstr("sweep.case.2.where: must be a table with the labels of at least one "
                              "axis, got an empty one (sweep.toml:14:9)\n"));
}

TEST_F(GridTest, MistakesInCellsHaveTheirPlaceInTheSweepAndEachStandsOnce) {
  EXPECT_EQ(sweep_errors(std::string(kSmallSweep) + R"(seeds = [1, 2]
[[axis]]
name = "a"
key = "optimizer.bas_lr"
values = [0.1, 0.2]
[[axis]]
name = "b"
key = "train.epochs"
values = [0, 2]
)"),
            R"(optimizer: unknown key 'bas_lr'; did you mean 'base_lr'? (sweep.toml:8:11)
optimizer: unknown key 'bas_lr'; did you mean 'base_lr'? (sweep.toml:8:16)
train.epochs: must be in [1, 1000000], got 0 (sweep.toml:12:11)
3 errors in sweep.toml)");
}

TEST_F(GridTest, AMetricOfAnEvaluationThatIsNotThereNamesTheNearest) {
  EXPECT_EQ(sweep_errors(std::string(kSmallSweep) + "metrics = [\"kn/top5\"]\n" + kRates),
            "sweep.metrics: the experiment has no evaluation 'kn'; did you mean 'knn'? "
            "(sweep.toml:4:12)\n1 error in sweep.toml");
}

TEST_F(GridTest, TheOnlineProbesAccuracyIsAMetricWhereThereIsAProbe) {
  const auto text = std::string(kSmallSweep) + "metrics = [\"online_probe/top1\"]\n";
  EXPECT_EQ(
      read(text + "set = { \"online_probe.base_lr\" = 0.1 }\n" + kRates).file.metrics.back().path,
      "online_probe/val/trained/plain/top1");
  EXPECT_THAT(sweep_errors(text + kRates), HasSubstr("has no evaluation 'online_probe'"));
}

TEST_F(GridTest, AMistakeThatACellMakesInTheExperimentNamesTheCell) {
  write("base.toml", std::string(kSmallExperiment) +
                         "[schedule]\nwarmup_epochs = 5\n[[evaluation]]\nplugin = \"knn\"\n");
  const auto text = sweep_errors(std::string(kSmallSweep) + R"(
[[axis]]
name = "epochs"
key = "train.epochs"
values = [2, 8]
)");
  EXPECT_THAT(text, HasSubstr("; in the cell epochs = 2 (base.toml:19:17)\n1 error in"));
}

TEST_F(GridTest, CellsWithTheSameSettingsAreAnError) {
  EXPECT_THAT(sweep_errors(std::string(kSmallSweep) + kRates, {"optimizer.base_lr=0.3"}),
              HasSubstr("sweep: two cells have the same settings: rate = 0.1, and rate = 0.2; the "
                        "values of each axis must differ, and --set must not set what an axis "
                        "sets (sweep.toml:8:16)\n"));
}

TEST_F(GridTest, TheIdIsOfTheSettingsAndNotOfLabelsOrLoaderThreads) {
  const auto axis = [](const std::string& label, const std::string& more) {
    return std::string(kSmallSweep) + "[[axis]]\nname = \"a\"\nvalues = [{ label = \"" + label +
           "\", set = { \"optimizer.base_lr\" = 0.1" + more + " } }]\n";
  };
  const auto id = read(axis("x", "")).grid.runs[0].id;
  EXPECT_EQ(id.size(), 16U);
  EXPECT_EQ(read(axis("y", "")).grid.runs[0].id, id);
  EXPECT_EQ(read(axis("x", ", \"train.loader_threads\" = 1")).grid.runs[0].id, id);
  EXPECT_NE(read(axis("x", ", \"train.tensor_threads\" = 1")).grid.runs[0].id, id);
  EXPECT_NE(read(axis("x", ", \"method.norm\" = false")).grid.runs[0].id, id);
}

TEST_F(GridTest, TestIsReadOnlyWhereItIsReportedAndValIsEvaluatedThen) {
  const auto none = read(kSmallSweep).grid.runs[0].resolved_toml;
  EXPECT_THAT(none, HasSubstr("read_test = false\n"));
  EXPECT_THAT(none, HasSubstr("every_epochs = 0\n"));
  for (const std::string report : {"chosen", "all"}) {
    const auto text = std::string(kSmallSweep) + "report_test = \"" + report + "\"\n";
    const auto resolved = read(text).grid.runs[0].resolved_toml;
    EXPECT_THAT(resolved, HasSubstr("read_test = true\n"));
    EXPECT_THAT(resolved, HasSubstr("every_epochs = 6\n"));
    // 4 does not divide the 6 epochs, 3 does.
    EXPECT_THAT(read(text, false, {"evaluation.0.every_epochs=4"}).grid.runs[0].resolved_toml,
                HasSubstr("every_epochs = 6\n"));
    EXPECT_THAT(read(text, false, {"evaluation.0.every_epochs=3"}).grid.runs[0].resolved_toml,
                HasSubstr("every_epochs = 3\n"));
  }
}

TEST_F(GridTest, ThreadsThatAnExperimentAsksForAreKnown) {
  EXPECT_EQ(read(kSmallSweep).grid.runs[0].threads, 0);
  EXPECT_EQ(read(std::string(kSmallSweep) +
                 "set = { train = { tensor_threads = 3, loader_threads = 2 } }\n")
                .grid.runs[0]
                .threads,
            5);
}

}  // namespace
}  // namespace kith::host
