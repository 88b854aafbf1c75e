// SPDX-License-Identifier: Apache-2.0
#include "sweep/summary.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "sweep/sweep_table.h"
#include "sweep/table_into.h"
#include "sweep_fixture.h"

namespace kith::host {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Two rates with two seeds each; run i has the outcome that the test gives it.
class SummaryTest : public SweepFixture {
 protected:
  explicit SummaryTest(const std::string& more = "") {
    auto made = read(std::string(kSmallSweep) + "seeds = [1, 2]\n" + more + R"(
[[axis]]
name = "rate, of all"
key = "optimizer.base_lr"
values = [0.1, 0.2]
)");
    sweep_ = made.file;
    grid_ = made.grid;
    outcomes_.resize(grid_.runs.size());
  }

  void done(std::size_t run, double value, double test = 0) {
    outcomes_[run].end = CellEnd::kDone;
    outcomes_[run].result =
        RunResult{{{"knn/val/trained/plain/top1", value}, {"knn/test/trained/plain/top1", test}},
                  200,
                  0.16,
                  2'000'000,
                  device_bytes_};
  }
  void failed(std::size_t run, const std::string& error) {
    outcomes_[run].end = CellEnd::kFailed;
    outcomes_[run].error = error;
  }
  SweepSummary summary() const { return summarise(sweep_, grid_, outcomes_); }
  std::string markdown() const { return markdown_table(sweep_, grid_, summary(), outcomes_); }

  SweepFile sweep_;
  SweepGrid grid_;
  std::vector<CellOutcome> outcomes_;
  std::int64_t device_bytes_ = 0;
};

class TestReportTest : public SummaryTest {
 protected:
  TestReportTest() : SummaryTest("report_test = \"chosen\"\n") {}
};

class RowsTest : public SummaryTest {
 protected:
  RowsTest() : SummaryTest("report_test = \"all\"\nwith_rows = true\nmetrics = [\"knn/top5\"]\n") {}
};

TEST_F(SummaryTest, MeanAndDeviationAreThoseOfTheSeeds) {
  const auto s = statistic_of({0.25, 0.75});
  ASSERT_TRUE(s);
  EXPECT_EQ(s->n, 2);
  EXPECT_DOUBLE_EQ(s->mean, 0.5);
  EXPECT_DOUBLE_EQ(*s->deviation, 0.35355339059327379);  // sqrt(0.125), by hand: n - 1 = 1
  EXPECT_FALSE(statistic_of({0.25})->deviation);
  EXPECT_FALSE(statistic_of({}));
}

TEST_F(SummaryTest, TheLargestMeanIsChosenWhenAllRunsAreDone) {
  done(0, 0.5);
  done(1, 0.75);
  done(2, 0.25);
  EXPECT_FALSE(summary().chosen);
  EXPECT_THAT(markdown(), HasSubstr("3 of 4 runs are done; the setting is chosen when all are."));
  done(3, 0.75);
  EXPECT_EQ(summary().chosen, 0U);
  sweep_.maximise = false;
  EXPECT_EQ(summary().chosen, 1U);
}

TEST_F(SummaryTest, ASettingWithAFailedRunIsNotChosen) {
  done(0, 0.9);
  failed(1, "training: the loss\nis not finite");
  done(2, 0.5);
  done(3, 0.6);
  EXPECT_EQ(summary().chosen, 1U);
  EXPECT_EQ(summary().lines[0].failed, 1);
  EXPECT_EQ(markdown(),
            R"(| rate, of all | knn/top1 (val) | runs | images/s | ms a step | peak memory, MB |
|---|---:|---:|---:|---:|---:|
| 0.1 | 0.9000 | 1, 1 failed | 200.0 | 160.0 | 2.000 |
| **0.2** | **0.5500 ± 0.0707** | **2** | **200.0** | **160.0** | **2.000** |

Chosen on val by the largest mean of knn/top1: rate, of all = 0.2 (0.5500 ± 0.0707).

Failed: rate, of all = 0.1, seed 2: training: the loss is not finite
)");
  failed(2, "x");
  EXPECT_FALSE(summary().chosen);
  EXPECT_THAT(markdown(), HasSubstr("No setting is chosen: of none were all runs done.\n"));
}

TEST_F(SummaryTest, TheCsvHasEveryDigitAndQuotesWhatHasCommas) {
  done(0, 0.25);
  done(1, 0.75);
  done(2, 1.0 / 3);
  const auto text = csv_table(sweep_, grid_, summary(), outcomes_);
  const auto lines = text.substr(0, text.find('\n'));
  EXPECT_EQ(lines,
            "\"rate, of all\",chosen,done,failed,knn/val/trained/plain/top1 mean,"
            "knn/val/trained/plain/top1 std,images_per_s mean,images_per_s std,step_s mean,"
            "step_s std,peak_memory_bytes mean,peak_memory_bytes std,"
            "knn/val/trained/plain/top1 seed 1,knn/val/trained/plain/top1 seed 2");
  EXPECT_THAT(text,
              HasSubstr("\n0.1,0,2,0,0.5,0.3535533905932738,200,0,0.16,0,2e+06,0,0.25,0.75\n"));
  EXPECT_THAT(text,
              HasSubstr("\n0.2,0,1,0,0.3333333333333333,,200,,0.16,,2e+06,,0.3333333333333333,\n"));
}

TEST_F(SummaryTest, MemoryOfAGpuHasAColumnWhereThereWasOne) {
  done(0, 0.5);
  EXPECT_THAT(markdown(), Not(HasSubstr("GPU")));
  device_bytes_ = 3'000'000;
  done(2, 0.5);
  EXPECT_THAT(markdown(), HasSubstr("| peak memory, MB | GPU memory, MB |\n"));
  EXPECT_THAT(markdown(), HasSubstr("| 2.000 | 3.000 |\n"));
  const auto csv = csv_table(sweep_, grid_, summary(), outcomes_);
  EXPECT_THAT(csv, HasSubstr(",peak_device_memory_bytes mean,peak_device_memory_bytes std,"));
  EXPECT_THAT(csv, HasSubstr(",2e+06,,3e+06,,0.5,\n"));
}

TEST_F(SummaryTest, AMetricThatARunLacksIsItsFailureAndNamesTheNearest) {
  done(0, 0.5);
  outcomes_[0].result->metrics = {{"knn/val/trained/plain/top5", 1},
                                  {"knn/test/trained/plain/top1", 1}};
  check_metrics(sweep_, outcomes_);
  EXPECT_EQ(outcomes_[0].end, CellEnd::kFailed);
  EXPECT_EQ(outcomes_[0].error,
            "sweep.choose.metric: the run has no metric 'knn/top1'; did you mean 'knn/top5'?");
  EXPECT_EQ(outcomes_[1].end, CellEnd::kWaiting);
}

TEST_F(TestReportTest, TestIsInTheTableForTheChosenSettingAlone) {
  done(0, 0.5, 0.91);
  done(1, 0.5, 0.91);
  done(2, 0.6, 0.82);
  EXPECT_THAT(markdown(), Not(HasSubstr("0.91")));
  EXPECT_THAT(markdown(), Not(HasSubstr("0.82")));
  done(3, 0.6, 0.82);
  EXPECT_THAT(markdown(), HasSubstr("| knn/top1 (val) | knn/test/trained/plain/top1 |"));
  EXPECT_THAT(markdown(), Not(HasSubstr("0.91")));
  EXPECT_THAT(markdown(), HasSubstr("| **0.6000 ± 0.0000** | **0.8200 ± 0.0000** |"));
  EXPECT_THAT(csv_table(sweep_, grid_, summary(), outcomes_), Not(HasSubstr("0.91")));
  sweep_.report_test = TestReport::kAll;
  EXPECT_THAT(markdown(), HasSubstr("| 0.5000 ± 0.0000 | 0.9100 ± 0.0000 |"));
}

TEST_F(RowsTest, ARowThatIsTheSameForAllStandsOnceAndCellsArePlainAndCentred) {
  for (const std::size_t run : {0U, 1U, 2U, 3U}) {
    const double value = 0.5 + 0.125 * static_cast<double>(run / 2);
    done(run, value, value + 0.25);
    auto& metrics = outcomes_[run].result->metrics;
    metrics["knn/test/trained/centred/top1"] = 0.25;
    metrics["knn/test/pixels/plain/top1"] = 0.125;
    metrics["knn/test/untrained/plain/top1"] = 0.0625 * static_cast<double>(1 + run / 2);
    metrics["knn/val/trained/plain/top5"] = 0.75;
  }
  const auto text = markdown();
  EXPECT_EQ(text.substr(0, text.find("\n\n")),
            R"(| rate, of all | row | knn/top1 (test) | knn/top5 (val) | runs | images/s |
|---|---|---:|---:|---:|---:|
| all | raw pixels | 0.1250 ± 0.0000 |  |  |  |
| 0.1 | untrained | 0.06250 ± 0.00000 |  |  |  |
| 0.1 | trained | 0.7500 ± 0.0000 / 0.2500 ± 0.0000 | 0.7500 ± 0.0000 | 2 | 200.0 |
| 0.2 | untrained | 0.1250 ± 0.0000 |  |  |  |
| 0.2 | trained | 0.8750 ± 0.0000 / 0.2500 ± 0.0000 | 0.7500 ± 0.0000 | 2 | 200.0 |)");
  sweep_.report_test = TestReport::kChosen;  // others than the chosen have no number on test
  EXPECT_THAT(markdown(), AllOf(HasSubstr("| knn/top1 (val) |"),
                                HasSubstr("| 0.1 | trained | 0.5000 ± 0.0000 |")));
  sweep_.report_test = TestReport::kAll;
  // An evaluation that has no number on test has no column there.
  EXPECT_THAT(csv_table(sweep_, grid_, summary(), outcomes_),
              AllOf(HasSubstr(",knn/test/untrained/plain/top1 mean,"),
                    Not(HasSubstr("test/trained/plain/top5"))));
}

TEST_F(RowsTest, RawPixelsThatOneSettingHasStandForAllAndOthersDoNot) {
  for (const std::size_t run : {0U, 1U, 2U, 3U}) {
    done(run, 0.5, 0.5);
    outcomes_[run].result->metrics["knn/val/trained/plain/top5"] = 0.75;
    outcomes_[run].result->metrics["knn/val/pixels/plain/top5"] = 0.25;
  }
  for (const std::size_t run : {2U, 3U}) {
    outcomes_[run].result->metrics["knn/test/pixels/plain/top1"] = 0.125;
    outcomes_[run].result->metrics["knn/test/untrained/plain/top1"] = 0.375;
  }
  EXPECT_THAT(markdown(),
              AllOf(HasSubstr("| all | raw pixels | 0.1250 ± 0.0000 | 0.2500 ± 0.0000 |"),
                    HasSubstr("| 0.2 | untrained | 0.3750 ± 0.0000 |"),
                    Not(HasSubstr("| all | untrained |"))));
  outcomes_[0].result->metrics["knn/test/pixels/plain/top1"] = 0.25;  // now they differ
  EXPECT_THAT(markdown(), Not(HasSubstr("| all | raw pixels |")));
}

TEST_F(RowsTest, EveryRunHasALineWithItsGain) {
  for (const std::size_t run : {0U, 1U, 2U}) {
    done(run, 0.5, 0.5);
    auto& metrics = outcomes_[run].result->metrics;
    metrics["knn/test/untrained/plain/top1"] = 0.25;
    metrics["knn/test/trained/plain/top1"] = 0.5 + 0.125 * static_cast<double>(run);
  }
  outcomes_[1].result->metrics["knn/test/trained/centred/top1"] = 0.125;
  outcomes_[1].result->metrics["knn/test/untrained/centred/top1"] = 0.25;
  EXPECT_THAT(markdown(),
              AllOf(HasSubstr("Each run, trained, and how much above its own untrained encoder:"),
                    HasSubstr("| 0.1 | 1 | 0.5000 (+0.2500) |"),
                    HasSubstr("| 0.1 | 2 | 0.6250 (+0.3750) / 0.1250 (-0.1250) |"),
                    HasSubstr("| 0.2 | 1 | 0.7500 (+0.5000) |"), Not(HasSubstr("| 0.2 | 2 |"))));
}

TEST_F(SummaryTest, ATableGoesBetweenItsTwoLinesAndReplacesTheOneBefore) {
  const auto file =
      write("README.md", "# A\n<!-- sweep s -->\nold\n<!-- end of sweep s -->\nend\n");
  put_table_into(file, "s", "| new |\n");
  put_table_into(file, "s", "| newer |\n");
  std::ifstream stream(file);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  EXPECT_EQ(text, "# A\n<!-- sweep s -->\n\n| newer |\n\n<!-- end of sweep s -->\nend\n");
  try {
    put_table_into(file, "t", "");
    ADD_FAILURE();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("README.md: the file must have the line '<!-- sweep t -->' "
                                        "and below it '<!-- end of sweep t -->'"));
  }
}

}  // namespace
}  // namespace kith::host
