// SPDX-License-Identifier: Apache-2.0
#include "guards/finite_state.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <limits>

#include "host/model/fixture_job.h"

namespace kith::host::test {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

/// The error of a job's state in which a tensor has been filled with a number.
std::string error_with(const std::string& name, double value) {
  Plan plan;
  plan.method = "ill_method";
  FixtureJob fixture(plan);
  fixture.run(0);
  {
    const at::NoGradGuard no_grad;
    auto& state = fixture.job->state();
    if (auto* parameter = state.find_parameter(name)) parameter->value.select(0, 1).fill_(value);
    if (auto* buffer = state.find_buffer(name)) buffer->value.fill_(value);
  }
  const auto state = training_state(*fixture.job, fixture.training->optimizer());
  return thrown<kith::Error>([&] { require_finite_state(state, *fixture.job, 36); });
}

TEST(FiniteStateTest, AStateWithMarksOfInfinityInABufferPasses) {
  EXPECT_EQ(error_with("", 0), "");  // ill_method's notes begin with -infinity
  EXPECT_EQ(error_with("method.notes", kInfinite), "");
  EXPECT_EQ(error_with("method.gain.weight", 1e30), "");
}

TEST(FiniteStateTest, AnOnlineProbeThatDivergedEndsNoRun) {
  FixtureJob fixture(Plan{});
  auto state = training_state(*fixture.job, fixture.training->optimizer());
  state["online_probe/weight"] = snapshot(at::full({3, 4}, kInfinite));
  EXPECT_NO_THROW(require_finite_state(state, *fixture.job, 36));
  state["weight"] = state["online_probe/weight"];
  EXPECT_THROW(require_finite_state(state, *fixture.job, 36), kith::Error);
}

TEST(FiniteStateTest, NamesTheTensorTheStepAndHowManyNumbers) {
  EXPECT_EQ(error_with("method.gain@teacher.weight", kInfinite),
            "training: 'method.gain@teacher.weight' is not finite after 36 steps (1 of its 4 "
            "numbers), though loss and gradients were; no checkpoint is written of it: go on from "
            "the one before with kith run --resume, or begin anew with a lower optimizer.base_lr");
  EXPECT_THAT(error_with("method.notes", std::numeric_limits<double>::quiet_NaN()),
              testing::StartsWith("training: 'method.notes' is not finite after 36 steps (2 of its "
                                  "2 numbers)"));
}

}  // namespace
}  // namespace kith::host::test
