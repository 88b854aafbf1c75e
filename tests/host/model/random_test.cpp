// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cmath>

#include "host/model/fixture_job.h"
#include "tensor/random_tensor.h"
#include "tensor/recompute.h"

namespace kith::host::test {
namespace {

using testing::HasSubstr;

constexpr const char* kDraws[] = {"uniform", "other", "normal", "integers", "mask", "permutation"};

std::map<std::string, at::Tensor> draws_of(FixtureJob& made, std::int64_t step) {
  made.run(step);
  std::map<std::string, at::Tensor> draws;
  for (const char* name : kDraws) draws[name] = made.buffer(std::string("method.") + name).clone();
  return draws;
}

TEST(RandomTest, NamedDrawsAreEqualInAnotherJobAndInAnyOrderOfSteps) {
  FixtureJob a({.method = "draws_method"}), b({.method = "draws_method"});
  const auto a0 = draws_of(a, 0), a3 = draws_of(a, 3), b3 = draws_of(b, 3), b0 = draws_of(b, 0);
  for (const char* name : kDraws) {
    EXPECT_TRUE(at::equal(a0.at(name), b0.at(name))) << name;
    EXPECT_TRUE(at::equal(a3.at(name), b3.at(name))) << name;
    EXPECT_FALSE(at::equal(a0.at(name), a3.at(name))) << name;
  }
}

TEST(RandomTest, DrawsDifferByNameAndBySeed) {
  FixtureJob a({.method = "draws_method"}), b({.method = "draws_method", .seed = 2});
  const auto one = draws_of(a, 0), other = draws_of(b, 0);
  EXPECT_FALSE(at::equal(one.at("uniform"), one.at("other")));
  for (const char* name : kDraws) EXPECT_FALSE(at::equal(one.at(name), other.at(name))) << name;
}

TEST(RandomTest, DrawsHaveTheRangesAndMomentsAskedFor) {
  FixtureJob made({.method = "draws_method"});
  const auto draws = draws_of(made, 0);
  const auto& uniform = draws.at("uniform");
  EXPECT_GE(uniform.min().item<double>(), -1);
  EXPECT_LT(uniform.max().item<double>(), 3);
  EXPECT_NEAR(uniform.mean().item<double>(), 1, 0.13);  // 5 deviations of the mean of 2,000
  EXPECT_NEAR(draws.at("normal").mean().item<double>(), 2, 0.06);
  EXPECT_NEAR(draws.at("normal").std().item<double>(), 0.5, 0.04);
  const auto& integers = draws.at("integers");
  EXPECT_EQ(integers.min().item<std::int64_t>(), -2);
  EXPECT_EQ(integers.max().item<std::int64_t>(), 4)
      << "below 5, and each of the seven comes in 2,000";
  EXPECT_NEAR(draws.at("mask").to(at::kDouble).mean().item<double>(), 0.3, 0.051);
  EXPECT_TRUE(at::equal(std::get<0>(draws.at("permutation").sort()),
                        at::arange(100, on_device(at::kLong))));
}

TEST(RandomTest, ReplacedDrawsAreTakenAsTheyAre) {
  FixtureJob made({.method = "draws_method"});
  const auto given = at::full({40, 50}, 0.125, on_device(at::kDouble));
  made.job->draw_replacements()["uniform"] = given;
  const auto draws = draws_of(made, 0);
  EXPECT_TRUE(at::equal(draws.at("uniform"), given));
  EXPECT_FALSE(at::equal(draws.at("other"), given));
}

TEST(RandomTest, SinglePrecisionHoldsTheRoundedNumbersOfDouble) {
  FixtureJob a({.method = "draws_method"}), b({.method = "draws_method", .dtype = at::kFloat});
  EXPECT_TRUE(at::equal(draws_of(a, 0).at("normal").to(at::kFloat), draws_of(b, 0).at("normal")));
}

TEST(RandomTest, NumbersDoNotDependOnTheNumberOfThreads) {
  const Draw draw(DrawKey{}, "threads");
  const auto one = random_normal(draw, {100000}, 0, 1, at::kDouble);
  at::set_num_threads(2);
  const auto two = random_normal(draw, {100000}, 0, 1, at::kDouble);
  at::set_num_threads(1);
  EXPECT_TRUE(at::equal(one, two));
}

TEST(RandomTest, AnEmptyRangeOfWholeNumbersIsAnError) {
  EXPECT_THAT(
      thrown<ShapeError>([] { random_integers(Draw(DrawKey{}, "n"), {2}, 3, 3, at::kCPU); }),
      HasSubstr("wanted low < high, got [3, 3)"));
}

TEST(ProgressTest, ASchedulesValueIsA0dTensorOfTheStep) {
  FixtureJob made({.method = "draws_method"});  // cosine from 0.2 to 1 over 6 steps
  for (std::int64_t step = 0; step < 6; ++step) {
    made.run(step);
    const auto now = made.buffer("method.now");
    EXPECT_EQ(now.dim(), 0);
    EXPECT_NEAR(now.item<double>(),
                1 - 0.8 * (1 + std::cos(M_PI * static_cast<double>(step) / 6)) / 2, 1e-14);
    EXPECT_EQ(made.job->take_metrics().at("rate").item<double>(), now.item<double>());
  }
  EXPECT_TRUE(made.job->take_metrics().empty()) << "taken once";
}

TEST(LabelsTest, MissingOnesAreADataErrorThatNamesPluginCallAndStep) {
  FixtureJob made({.method = "draws_method", .method_options = {{"labels", {true}}}});
  made.run(0);
  EXPECT_EQ(made.job->take_metrics().at("labels").item<std::int64_t>(),
            0 + 1 + 2 + 0 + 1 + 2 + 0 + 1);
  auto step = made.batch(1);
  step.labels = at::Tensor();
  EXPECT_EQ(thrown<DataError>([&] { made.training->run(step, 1); }),
            "org.test.draws_method: step (step 1): labels: the data set has no labels");
}

TEST(DropoutTest, IsTheIdentityInEvaluationAndScalesInTraining) {
  FixtureJob made({.encoder_options = {{"dropout", {0.5}}}}), plain({});
  const auto x = made.batch(0).views[0];
  const auto hidden = [&](FixtureJob& job, bool training) {
    job.job->set_training(training);
    return job.job->call(job.job->find_role("encoder"), x, 2)[1].detach();
  };
  const auto kept = hidden(plain, false);
  EXPECT_TRUE(at::equal(hidden(made, false), kept));
  const auto dropped = hidden(made, true);
  EXPECT_TRUE(at::equal(dropped, at::where(dropped != 0, kept * 2, 0.0)));
  const auto zeros = ((dropped == 0) & (kept != 0)).sum().item<std::int64_t>(),
             all = (kept != 0).sum().item<std::int64_t>();
  EXPECT_GT(zeros, 0);
  EXPECT_LT(zeros, all);
}

TEST(DropoutTest, DrawsAnewInEachCallAndTheSameInTheSameStep) {
  FixtureJob made({.encoder_options = {{"dropout", {0.5}}}});
  made.job->set_training(true);
  const auto x = made.batch(0).views[0];
  const auto call = [&] {
    return made.job->call(made.job->find_role("encoder"), x, 2)[1].detach();
  };
  const ForwardStateGuard guard({});
  const auto first = call(), second = call();
  EXPECT_FALSE(at::equal(first, second));
  forward_state().draws = 0;
  EXPECT_TRUE(at::equal(call(), first)) << "the step again";
  forward_state().draws = 0;
  made.training->set_progress(1);
  EXPECT_FALSE(at::equal(call(), first)) << "another step";
}

/// The encoder's body is a segment that runs again: same loss, same gradients, same running
/// averages.
TEST(RecomputationTest, DrawsTheSameMovesRunningAveragesOnceAndChangesNothing) {
  const auto plan = [](bool recompute) {
    return Plan{
        .encoder_options = {{"norm", {true}}, {"dropout", {0.5}}, {"recompute", {recompute}}},
        .dtype = at::kFloat};
  };
  FixtureJob kept(plan(false)), again(plan(true));
  for (std::int64_t step = 0; step < 4; ++step) {
    EXPECT_EQ(kept.run(step).item<float>(), again.run(step).item<float>()) << step;
    for (const auto& name : kept.parameter_names()) {
      EXPECT_TRUE(at::equal(kept.parameter(name), again.parameter(name)))
          << name << " at step " << step;
      EXPECT_TRUE(at::equal(kept.parameter(name).grad(), again.parameter(name).grad()))
          << name << " at step " << step;
    }
    for (const auto& b : kept.job->state().buffers())
      EXPECT_TRUE(at::equal(b.value, again.buffer(b.name))) << b.name << " at step " << step;
  }
}

}  // namespace
}  // namespace kith::host::test
