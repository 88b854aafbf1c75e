// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "host/model/fixture_job.h"

namespace kith::host::test {
namespace {

/// Scalars that begin at 1 with a gradient of 1 and a rate of 0.1: an update takes 0.1.
class ForceTest : public testing::Test {
 protected:
  static double value(FixtureJob& made, const char* name) {
    return made.parameter(std::string("method.") + name).item<double>();
  }
  static constexpr double kClose = 1e-14;
};

TEST_F(ForceTest, FreezesUntilAStepAnEpochOrForEver) {
  FixtureJob made({.method = "forced_method"});  // two steps an epoch
  const double free[] = {0.9, 0.8, 0.7, 0.6}, until_step[] = {1, 1, 0.9, 0.8},
               until_epoch[] = {1, 1, 0.9, 0.8};
  for (std::int64_t step = 0; step < 4; ++step) {
    made.run(step);
    EXPECT_NEAR(value(made, "free"), free[step], kClose);
    EXPECT_NEAR(value(made, "until_step"), until_step[step], kClose) << step;
    EXPECT_NEAR(value(made, "until_epoch"), until_epoch[step], kClose) << step;
    EXPECT_EQ(value(made, "never"), 1.0);
  }
}

TEST_F(ForceTest, KeepsTheRateConstantOrMultipliesIt) {
  FixtureJob made({.method = "forced_method",
                   .steps_per_epoch = 2,
                   .epochs = 2,
                   .schedule = ScheduleKind::kLinear});
  double free = 1, half = 1, constant = 1;
  for (std::int64_t step = 0; step < 4; ++step) {
    made.run(step);
    const double rate = 0.1 * (1 - static_cast<double>(step) / 4);
    free -= rate;
    half -= rate / 2;
    constant -= 0.1;
    EXPECT_NEAR(value(made, "free"), free, kClose);
    EXPECT_NEAR(value(made, "half"), half, kClose);
    EXPECT_NEAR(value(made, "constant"), constant, kClose);
  }
}

TEST_F(ForceTest, ClampsAfterEachStep) {
  FixtureJob made({.method = "forced_method"});
  made.run(0);
  EXPECT_EQ(value(made, "low"), 0.95);
  EXPECT_EQ(value(made, "high"), 0.25);
  made.run(1);
  EXPECT_EQ(value(made, "low"), 0.95);
  EXPECT_NEAR(value(made, "high"), 0.15, kClose);
}

TEST_F(ForceTest, FrozenParametersDoNotCountInTheGradientsNorm) {
  FixtureJob made({.method = "forced_method", .clip_grad_norm = 1.0});
  made.run(0);
  // Of eight gradients of 1, three are frozen at step 0.
  EXPECT_NEAR(made.training->gradient_norm().item<double>(), std::sqrt(5.0), 1e-12);
}

TEST_F(ForceTest, APrefixThatNoNameHasIsAnError) {
  EXPECT_EQ(thrown<PluginError>([] {
              FixtureJob({.method = "forced_method",
                          .method_options = {{"unknown_prefix", {"predictor"}}}});
            }),
            "org.test.forced_method: constructor: force: no parameter's name begins with "
            "'method.predictor'");
}

}  // namespace
}  // namespace kith::host::test
