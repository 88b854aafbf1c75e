// SPDX-License-Identifier: Apache-2.0
// `normalise` with statistics = "measure".
#include <gmock/gmock.h>

#include <filesystem>

#include "run_contents.h"
#include "small_data.h"
#include "workshop.h"

namespace kith::integration {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

class MeasuredStatisticsTest : public Workshop {
 protected:
  static std::string with_statistics(const std::string& options) {
    return replaced(kSmallExperiment, "probability = 0.5 },\n",
                    "probability = 0.5 },\n    { plugin = \"normalise\", " + options + " },\n");
  }
};

TEST_F(MeasuredStatisticsTest, AreThoseOfTrainAloneAndStandInTheRun) {
  write_idx_data(folder() / "data");
  const auto made = run(with_statistics("statistics = \"measure\""));
  const auto resolved = read_text(made / "resolved.toml");
  EXPECT_THAT(resolved, ContainsRegex("statistics = \"given\", mean = \\[0\\.[0-9]+\\], std = "
                                      "\\[0\\.[0-9]+\\]"));
  EXPECT_THAT(read_text(made / "experiment.toml"), HasSubstr("statistics = \"measure\""));
  // Written out, the numbers give the same run.
  const auto from = resolved.find("mean = ["), end = resolved.find("]", resolved.find("std = ["));
  const auto again = run(with_statistics(resolved.substr(from, end + 1 - from)));
  expect_equal_runs(made, again);
  // Held-out images are not in them: with more of these the mean is another one.
  const auto other =
      run(with_statistics("statistics = \"measure\""), {"--set", "data.val_fraction=0.4"});
  EXPECT_EQ(read_text(other / "resolved.toml").find(resolved.substr(from, end - from)),
            std::string::npos);
}

TEST_F(MeasuredStatisticsTest, AreNotMeasuredAnewWhenARunGoesOn) {
  write_idx_data(folder() / "data");
  const auto made = run(with_statistics("statistics = \"measure\""));
  std::filesystem::remove(made / "run.h5");  // as if it had been stopped before its end
  const auto outcome = kith({"run", "--resume", made.string()});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, testing::Not(HasSubstr("measured")));
}

TEST_F(MeasuredStatisticsTest, AreShownByCheck) {
  write_idx_data(folder() / "data");
  const auto outcome = kith({"check", experiment(with_statistics("statistics = \"measure\""))});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, ContainsRegex("  data: measured on the 295 images of train: mean "
                                         "\\[0\\.[0-9]{4}\\], std \\[0\\.[0-9]{4}\\]\n"));
}

TEST_F(MeasuredStatisticsTest, OfAnotherNumberOfChannelsAreRefused) {
  write_idx_data(folder() / "data");
  EXPECT_THAT(error_of_run(with_statistics("statistics = \"cifar10\"")),
              HasSubstr("normalise: mean must have one number for each of the 1 channels, got 3"));
}

}  // namespace
}  // namespace kith::integration
