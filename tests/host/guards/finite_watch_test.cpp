// SPDX-License-Identifier: Apache-2.0
#include "guards/finite_watch.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>
#include <kith/error.hpp>
#include <limits>

#include "device.h"
#include "host/model/fixture_job.h"

namespace kith::host::test {
namespace {

using Reading = FiniteWatch::Reading;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const std::vector<std::string> kNames{"first", "none", "last"};

/// Three parameters, the second without a gradient; `value` stands in the gradient of the last.
std::vector<at::Tensor> parameters(double value) {
  std::vector<at::Tensor> all;
  for (int i = 0; i < 3; ++i)
    all.push_back(at::zeros({2, 3}, on_device(at::kFloat)).requires_grad_());
  all[0].mutable_grad() = at::ones_like(all[0]);
  all[2].mutable_grad() = at::ones_like(all[0]);
  all[2].mutable_grad()[1][1] = value;
  return all;
}

at::Tensor loss_of(double value) { return at::scalar_tensor(value, on_device(at::kFloat)); }

std::string error_of(Reading reading, double loss, double gradient) {
  FiniteWatch watch(reading);
  return thrown<kith::Error>([&] {
    watch.see(loss_of(loss), kNames, parameters(gradient), 7, 0.25);
    watch.require();
  });
}

class FiniteWatchTest : public testing::TestWithParam<Reading> {};
INSTANTIATE_TEST_SUITE_P(, FiniteWatchTest,
                         testing::Values(Reading::kEachStep, Reading::kWhenAsked));

TEST_P(FiniteWatchTest, FiniteNumbersPass) {
  EXPECT_EQ(error_of(GetParam(), 1, 2), "");
  EXPECT_EQ(error_of(GetParam(), -1e30, 1e30), "") << "large is not infinite";
}

TEST_P(FiniteWatchTest, NamesStepLossAndRateOfALossThatIsNotFinite) {
  EXPECT_EQ(error_of(GetParam(), -kInfinity, 2),
            "training: the loss is not finite at step 7 (got -inf); try a lower optimizer.base_lr "
            "(now 0.25 at this step), a longer schedule.warmup_epochs, or train.clip_grad_norm");
  EXPECT_THAT(error_of(GetParam(), std::nan(""), std::nan("")),
              testing::StartsWith("training: the loss is not finite at step 7 (got nan)"));
}

TEST_P(FiniteWatchTest, NamesTheParameterOfAGradientThatIsNotFinite) {
  for (const double value : {kInfinity, -kInfinity, std::nan("")})
    EXPECT_EQ(
        error_of(GetParam(), 0.5, value),
        "training: the gradient is not finite at step 7, in 1 of 2 parameters, the first 'last' "
        "(the loss is 0.5); try a lower optimizer.base_lr (now 0.25 at this step), a longer "
        "schedule.warmup_epochs, or look for a root, logarithm or quotient at 0 in method and "
        "loss");
}

TEST(FiniteWatchHeldTest, TheFirstBadStepIsHeldAndSkipStaysSet) {
  FiniteWatch watch(Reading::kWhenAsked);
  const auto see = [&](std::int64_t step, double loss, double gradient) {
    watch.see(loss_of(loss), kNames, parameters(gradient), step, 0.1);
    return watch.skip().item<float>();
  };
  EXPECT_EQ(see(3, 1, 1), 0);
  EXPECT_NO_THROW(watch.require());
  EXPECT_EQ(see(4, 1, kInfinity), 1);
  EXPECT_EQ(see(5, std::nan(""), 1), 1);
  EXPECT_EQ(see(6, 1, 1), 1);
  EXPECT_THAT(thrown<kith::Error>([&] { watch.require(); }),
              testing::StartsWith("training: the gradient is not finite at step 4, in 1 of 2"));
}

TEST(FiniteWatchHeldTest, AnotherSetOfParametersIsPrecededByAReading) {
  FiniteWatch watch(Reading::kWhenAsked);
  watch.see(loss_of(1), kNames, parameters(kInfinity), 0, 0.1);
  EXPECT_THAT(
      thrown<kith::Error>([&] { watch.see(loss_of(1), {"other"}, {parameters(1)[0]}, 1, 0.1); }),
      testing::HasSubstr("at step 0, in 1 of 2 parameters, the first 'last'"));
}

TEST(FiniteStepTest, NothingMovesInAStepThatIsNotFinite) {
  Plan plan;
  plan.method = "ill_method";
  plan.method_options = {{"illness", {std::string("infinite_gradient")}},
                         {"from_step", {std::int64_t{1}}}};
  FixtureJob fixture(plan);
  fixture.training->finite_only();
  fixture.run(0);
  std::map<std::string, at::Tensor> before;
  for (const auto& name : fixture.parameter_names()) before[name] = fixture.parameter(name).clone();
  EXPECT_THAT(thrown<kith::Error>([&] {
                fixture.run(1);
                fixture.training->require_finite();  // on a GPU it is not looked at before
              }),
              testing::HasSubstr("the first 'method.factor'"));
  for (const auto& [name, value] : before) {
    // Where the loss is read later, copies have followed what they copy, which did not move.
    if (fixture.job->state().find_parameter(name)->is_copy && !value.is_cpu()) continue;
    EXPECT_TRUE(at::equal(fixture.parameter(name), value)) << name;
  }
}

}  // namespace
}  // namespace kith::host::test
