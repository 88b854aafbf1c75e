// SPDX-License-Identifier: Apache-2.0
#include "guards/dimension_guard.h"

#include <gmock/gmock.h>

#include "host/model/fixture_job.h"

namespace kith::host::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(EffectiveDimensionsTest, CountsTheDirectionsInWhichRowsDiffer) {
  const auto axes = at::eye(4, at::kDouble);
  EXPECT_NEAR(effective_dimensions(at::cat({axes, -axes})), 4, 1e-5);
  const auto line = at::tensor({1.0, -1.0, 5.0, -3.0}).view({4, 1}) * at::ones({1, 3});
  EXPECT_NEAR(effective_dimensions(line), 1, 1e-5);
  EXPECT_EQ(effective_dimensions(at::zeros({4, 3})), 0);
  EXPECT_EQ(effective_dimensions(at::full({7, 3}, 0.3)), 0) << "equal but for rounding";
  // By hand: unit rows along two axes, 4 and 2 of them: variances 4 and 2; 36 / 20.
  const auto uneven = at::tensor({1.0, 0.0, -1.0, 0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 1.0, 0.0, -1.0});
  EXPECT_NEAR(effective_dimensions(uneven.view({6, 2})), 1.8, 1e-5);
}

/// SimCLR whose head, linear with batch norm behind it, puts rows on a line or not.
struct WatchedHead {
  WatchedHead() : fixture(plan()), batch(fixture.batch(0)) {
    fixture.job->watch(true);
    healthy = fixture.parameter("method.projector.0.weight").detach().clone();
  }
  static Plan plan() {
    Plan plan;
    plan.method = "simclr";
    plan.method_options = {{"head_layers", {std::int64_t{1}}}};
    plan.epochs = 500;
    return plan;
  }
  void set_head(const at::Tensor& weight) {
    const at::NoGradGuard no_grad;
    fixture.parameter("method.projector.0.weight").copy_(weight);
  }
  at::Tensor line() const { return healthy.narrow(0, 0, 1).expand_as(healthy); }
  std::vector<std::string> look(std::int64_t step) {
    fixture.job->method_step(batch);
    return guard.look({*fixture.job, batch, step, 0.1});
  }

  FixtureJob fixture;
  kith_step_s batch;
  at::Tensor healthy;
  DimensionGuard guard;
};

/// SimSiam, whose loss takes predictions and targets.
struct WatchedPredictor {
  WatchedPredictor() : fixture(plan()), batch(fixture.batch(0)) { fixture.job->watch(true); }
  static Plan plan() {
    Plan plan;
    plan.method = "simsiam";
    plan.epochs = 500;
    return plan;
  }
  /// All outputs of the layer are multiples of one.
  void put_on_a_line(const std::string& weight) {
    const at::NoGradGuard no_grad;
    const at::Tensor w = fixture.parameter(weight);
    w.copy_(at::linspace(-1, 1, w.size(0), w.options()).unsqueeze(1) * w.narrow(0, 0, 1).clone());
  }
  std::vector<std::string> look(std::int64_t step) {
    fixture.job->method_step(batch);
    return guard.look({*fixture.job, batch, step, 0.1});
  }

  FixtureJob fixture;
  kith_step_s batch;
  DimensionGuard guard;
};

TEST(DimensionGuardTest, TellsOnceOfRowsThatStayOnALineFor200Steps) {
  WatchedHead w;
  EXPECT_THAT(w.look(1), IsEmpty());
  w.set_head(w.line());
  EXPECT_THAT(w.look(150), IsEmpty()) << "too early to say";
  for (const std::int64_t step : {200, 250, 300, 350}) EXPECT_THAT(w.look(step), IsEmpty()) << step;
  EXPECT_THAT(
      w.look(400),
      ElementsAre(testing::MatchesRegex(
          "collapse: from step 200 to step 400 the images' rows differ along little more than a "
          "line: the rows 'embedding' that enter the loss org.kith.nt_xent in 1.0 of 128 "
          "dimensions, those of the first step in [0-9.]+; try a lower learning rate, a stronger "
          "augmentation, or look at the method's stop-gradient and predictor")));
  EXPECT_THAT(w.look(450), IsEmpty()) << "told once";
}

TEST(DimensionGuardTest, RowsThatSpreadAgainBeginAnew) {
  WatchedHead w;
  w.look(1);
  for (const std::int64_t step : {200, 250, 300, 350, 400, 450, 500}) {
    w.set_head(step == 350 ? w.healthy : w.line());
    EXPECT_THAT(w.look(step), IsEmpty()) << step;
  }
}

// A predictor may well put its predictions on a line for a while: the targets tell.
TEST(DimensionGuardTest, OneInputOfTheLossThatIsHealthyIsEnough) {
  WatchedPredictor w;
  EXPECT_THAT(w.look(1), IsEmpty());
  w.put_on_a_line("method.predictor.3.weight");
  for (const std::int64_t step : {200, 300, 400, 500}) EXPECT_THAT(w.look(step), IsEmpty()) << step;
  w.put_on_a_line("method.projector.6.weight");
  EXPECT_THAT(w.look(550), IsEmpty()) << "it counts from here on";
  EXPECT_THAT(w.look(750), ElementsAre(testing::MatchesRegex(
                               "collapse: from step 550 to step 750 .* the rows 'prediction' .*in "
                               "1.. of .*; the rows 'target' .*in 1.. of .*")));
}

TEST(DimensionGuardTest, WithoutAFirstStepNothingIsTold) {
  WatchedHead resumed;
  resumed.set_head(resumed.line());
  for (std::int64_t step = 200; step <= 500; step += 50)
    EXPECT_THAT(resumed.look(step), IsEmpty()) << step;
}

}  // namespace
}  // namespace kith::host::test
