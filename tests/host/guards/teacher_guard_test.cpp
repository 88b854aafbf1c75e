// SPDX-License-Identifier: Apache-2.0
#include "guards/teacher_guard.h"

#include <gmock/gmock.h>

#include "host/model/fixture_job.h"

namespace kith::host::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Trains for 61 steps at a learning rate and lets the guard look after steps 1, 51 and 61.
std::vector<std::string> told(const Plan& given, double learning_rate = 0.01) {
  Plan plan = given;
  plan.base_lr = learning_rate;
  plan.epochs = 100;
  FixtureJob fixture(plan);
  TeacherGuard guard;
  std::vector<std::string> texts;
  for (std::int64_t step = 0; step < 61; ++step) {
    auto batch = fixture.batch(step);
    fixture.training->run(batch, step);
    if (step != 0 && step != 50 && step != 60) continue;
    for (auto& text : guard.look({*fixture.job, batch, step + 1, learning_rate}))
      texts.push_back(std::move(text));
  }
  return texts;
}

Plan with_method(const std::string& method, double ema_momentum) {
  Plan plan;
  plan.method = method;
  plan.method_options = {{"ema_momentum", {ema_momentum}}};
  return plan;
}
Plan copies(double ema_momentum) { return with_method("copies_method", ema_momentum); }
Plan follows(double ema_momentum) { return with_method("ill_method", ema_momentum); }
Plan queue(double ema_momentum) { return with_method("queue_method", ema_momentum); }

TEST(TeacherGuardTest, TellsOfEachTeacherThatNeverMovesOnce) {
  const auto texts = told(copies(1));
  EXPECT_THAT(
      texts,
      ElementsAre("teacher: 'encoder@teacher' has not moved from step 1 to step 51, with a "
                  "learning rate above 0 (its ema_momentum is 1); try an ema_momentum below 1",
                  HasSubstr("teacher: 'method.head@teacher' has not moved from step 1")));
}

TEST(TeacherGuardTest, ATeacherThatFollowsIsWell) {
  for (const double ema_momentum : {0.5, 0.99, 0.9999})
    EXPECT_THAT(told(follows(ema_momentum)), IsEmpty()) << ema_momentum;
  EXPECT_THAT(told(queue(0.99)), IsEmpty()) << "moves before the step";
}

TEST(TeacherGuardTest, ATeacherWithoutMomentumEqualsItsStudentByRight) {
  EXPECT_THAT(told(follows(0)), IsEmpty());
  EXPECT_THAT(told(queue(0)), IsEmpty());
}

TEST(TeacherGuardTest, AStudentWithoutAGradientIsNamed) {
  // Behind the head's batch norm a constant offset is all that copies_method asks for, so its
  // encoder has a gradient of 0.
  EXPECT_THAT(told(copies(0)),
              ElementsAre("teacher: 'encoder@teacher' has not moved from step 1 to step 51, with a "
                          "learning rate above 0 (its ema_momentum is 0); look whether its "
                          "student 'encoder' is trained"));
}

TEST(TeacherGuardTest, NothingMovesAtALearningRateOfZero) {
  EXPECT_THAT(told(copies(1), 0), IsEmpty());
  EXPECT_THAT(told(copies(0.9), 0), IsEmpty());
}

TEST(TeacherGuardTest, TellsOfATeacherThatTheMethodWritesOver) {
  Plan plan;
  plan.method = "ill_method";
  plan.method_options = {{"illness", {std::string("equal_teacher")}}};
  EXPECT_THAT(told(plan),
              ElementsAre("teacher: 'method.gain@teacher' equals its student 'method.gain' after "
                          "step 51, although its ema_momentum is 0.9; look whether the method "
                          "writes over it, or its student is not trained"));
  plan.method_options = {};
  EXPECT_THAT(told(plan), IsEmpty());
}

TEST(TeacherGuardTest, WaitsForALearningRateAboveZeroFor50Steps) {
  FixtureJob fixture(copies(1));
  TeacherGuard guard;
  const auto batch = fixture.batch(0);
  EXPECT_THAT(guard.look({*fixture.job, batch, 1, 0}), IsEmpty());
  EXPECT_THAT(guard.look({*fixture.job, batch, 100, 1e-3}), IsEmpty());
  EXPECT_THAT(guard.look({*fixture.job, batch, 149, 1e-3}), IsEmpty());
  EXPECT_EQ(guard.look({*fixture.job, batch, 150, 1e-3}).size(), 2U);
}

TEST(TeacherGuardTest, AFrozenStudentIsWaitedFor) {
  FixtureJob fixture(copies(1));
  for (auto& p : fixture.job->state().parameters()) p.frozen_until_step = 1000;
  TeacherGuard guard;
  const auto batch = fixture.batch(0);
  for (const std::int64_t step : {1, 100, 200}) {
    fixture.training->set_progress(step - 1);
    EXPECT_THAT(guard.look({*fixture.job, batch, step, 1e-3}), IsEmpty());
  }
}

}  // namespace
}  // namespace kith::host::test
