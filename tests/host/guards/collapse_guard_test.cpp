// SPDX-License-Identifier: Apache-2.0
#include "guards/collapse_guard.h"

#include <gmock/gmock.h>

#include <cmath>

#include "host/model/fixture_job.h"

namespace kith::host::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const FeatureChoice kFeatures{"encoder", "", "features"};

/// A job of 300 steps, and looks at it.
struct Watched {
  explicit Watched(const Plan& given) : plan(given), fixture(plan), batch(fixture.batch(0)) {}

  static Plan plan_of(const std::string& method, Changes options = {}) {
    Plan plan;
    plan.method = method;
    plan.method_options = std::move(options);
    plan.epochs = 150;
    return plan;
  }
  std::vector<std::string> look(std::int64_t step) {
    return guard.look({*fixture.job, batch, step, 0.1});
  }
  /// The look after 200 steps, of a step in which a weight, and so the rows behind it, are zero.
  std::vector<std::string> look_with_zero(const std::string& weight) {
    fixture.job->watch(true);
    {
      const at::NoGradGuard no_grad;
      fixture.parameter(weight).zero_();
    }
    fixture.run(0);
    return look(200);
  }
  double deviation() {
    return relative_deviation(FeatureReader(*fixture.job, kFeatures).read(batch.views[0]));
  }
  /// A bias moves all features of the encoder the same way.
  void draw_together(double bias) {
    const at::NoGradGuard no_grad;
    fixture.parameter("encoder.last.bias").fill_(bias);
  }

  Plan plan;
  FixtureJob fixture;
  kith_step_s batch;
  CollapseGuard guard{kFeatures};
};

TEST(RelativeDeviationTest, IsAboutOneForSpreadRowsAndZeroForEqualOnes) {
  // By hand: 1, -1, 0, 0 has variance 2/3 in each of two dimensions; sqrt(2/3) sqrt(2).
  const auto spread = at::tensor({5.0, 0.0, -0.1, 0.0, 0.0, 2.0, 0.0, -3.0}).view({4, 2});
  EXPECT_NEAR(relative_deviation(spread), std::sqrt(4.0 / 3), 1e-6);
  EXPECT_NEAR(relative_deviation(at::ones({4, 2})), 0, 1e-6);
  EXPECT_NEAR(relative_deviation(at::zeros({4, 2})), 0, 1e-6) << "rows without a direction";
  EXPECT_NEAR(relative_deviation(at::arange(1, 5, at::kDouble).view({4, 1}) * at::ones({1, 3})), 0,
              1e-6)
      << "the length does not count";
}

TEST(CollapseGuardTest, TellsOnceAfter200StepsWithNumbersAndWhatToTry) {
  Watched w(Watched::plan_of("plain_method"));
  w.draw_together(1e4);
  EXPECT_THAT(w.look(1), IsEmpty());
  EXPECT_THAT(w.look(199), IsEmpty()) << "too early to say";
  EXPECT_THAT(
      w.look(200),
      ElementsAre(
          "collapse: after step 200 all images have nearly the same rows: the output 'features' of "
          "the encoder in role 'encoder' deviate by 0.000 / sqrt(4), where spread ones deviate by "
          "1 "
          "/ sqrt(4) and those of the first step by 0.000 / sqrt(4); try a lower learning rate, a "
          "stronger augmentation, or look at the method's stop-gradient and predictor"));
  EXPECT_THAT(w.look(250), IsEmpty()) << "told once";
}

TEST(CollapseGuardTest, LowIsCollapsedOnlyWhereItFell) {
  const double low = 3;
  Watched fell(Watched::plan_of("plain_method"));
  EXPECT_GT(fell.deviation(), 0.3);
  EXPECT_THAT(fell.look(1), IsEmpty());
  fell.draw_together(low);
  EXPECT_GT(fell.deviation(), 0.02);
  EXPECT_LT(fell.deviation(), 0.1);
  EXPECT_EQ(fell.look(200).size(), 1U);

  Watched began_so(Watched::plan_of("plain_method"));
  began_so.draw_together(low);
  EXPECT_THAT(began_so.look(1), IsEmpty());
  EXPECT_THAT(began_so.look(200), IsEmpty());

  Watched unknown(Watched::plan_of("plain_method"));
  unknown.draw_together(low);
  EXPECT_THAT(unknown.look(250), IsEmpty()) << "no first step to compare with";
  unknown.draw_together(1e4);
  EXPECT_EQ(unknown.look(300).size(), 1U);

  Watched resumed(Watched::plan_of("plain_method"));
  *resumed.guard.first_step() = *fell.guard.first_step();
  resumed.draw_together(low);
  EXPECT_EQ(resumed.look(250).size(), 1U);
}

TEST(CollapseGuardTest, AShorterRunIsJudgedAtItsEnd) {
  auto plan = Watched::plan_of("plain_method");
  plan.epochs = 10;
  Watched w(plan);
  w.draw_together(1e4);
  EXPECT_THAT(w.look(19), IsEmpty());
  EXPECT_EQ(w.look(20).size(), 1U);
}

TEST(CollapseGuardTest, LooksAtTheRowsThatEnterALoss) {
  Watched w(
      Watched::plan_of("simclr", {{"last_norm", {false}}, {"head_layers", {std::int64_t{1}}}}));
  w.draw_together(1e4);  // of the features, which the head still tells apart or not
  const auto texts = w.look_with_zero("method.projector.0.weight");
  ASSERT_EQ(texts.size(), 1U);
  EXPECT_THAT(texts[0], testing::HasSubstr(
                            "the rows 'embedding' that enter the loss org.kith.nt_xent deviate "
                            "by 0.000 / sqrt(128)"));
}

TEST(CollapseGuardTest, LooksAtWhatTheHeadGivesWhereNoLossIsCalled) {
  Watched w(Watched::plan_of("ill_method"));
  const auto texts = w.look_with_zero("method.gain.weight");
  ASSERT_EQ(texts.size(), 1U);
  EXPECT_THAT(texts[0],
              testing::HasSubstr("the rows that the head 'gain' gives deviate by 0.000 / sqrt(4)"));
}

TEST(CollapseGuardTest, AJobIsLeftInTheModeThatItWasIn) {
  Watched w(Watched::plan_of("plain_method"));
  w.fixture.job->set_training(true);
  w.look(200);
  EXPECT_TRUE(w.fixture.job->training());
}

}  // namespace
}  // namespace kith::host::test
