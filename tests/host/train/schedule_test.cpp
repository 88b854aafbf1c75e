// SPDX-License-Identifier: Apache-2.0
#include "train/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

namespace kith::host {
namespace {

// 10 epochs of 8 steps, 2 of them warm-up, unless a test says otherwise.
constexpr std::int64_t kStepsPerEpoch = 8;
constexpr std::int64_t kSteps = 80;

ScheduleConfig schedule_of(ScheduleKind kind, double warmup_epochs = 0) {
  ScheduleConfig schedule;
  schedule.kind = kind;
  schedule.warmup_epochs = warmup_epochs;
  return schedule;
}

double rate(const ScheduleConfig& schedule, std::int64_t step) {
  return learning_rate(schedule, 0.4, step, kSteps, kStepsPerEpoch);
}

TEST(ScheduleTest, WarmUpRisesFromZeroAndReachesThePeakAtTheFirstStepAfterIt) {
  for (ScheduleKind kind : {ScheduleKind::kConstant, ScheduleKind::kCosine, ScheduleKind::kLinear,
                            ScheduleKind::kStep}) {
    const ScheduleConfig schedule = schedule_of(kind, 2);
    EXPECT_EQ(rate(schedule, 0), 0);
    EXPECT_DOUBLE_EQ(rate(schedule, 4), 0.1);  // 4 of 16 steps
    EXPECT_DOUBLE_EQ(rate(schedule, 15), 0.4 * 15 / 16);
    EXPECT_DOUBLE_EQ(rate(schedule, 16), 0.4);
  }
}

TEST(ScheduleTest, WarmUpMayBeAFractionOfAnEpoch) {
  const ScheduleConfig schedule = schedule_of(ScheduleKind::kConstant, 0.3);  // 2.4 steps
  EXPECT_DOUBLE_EQ(rate(schedule, 2), 0.4 * 2 / 2.4);
  EXPECT_DOUBLE_EQ(rate(schedule, 3), 0.4);
}

TEST(ScheduleTest, ConstantKeepsTheBase) {
  const ScheduleConfig schedule = schedule_of(ScheduleKind::kConstant);
  EXPECT_EQ(rate(schedule, 0), 0.4);
  EXPECT_EQ(rate(schedule, kSteps), 0.4);
}

TEST(ScheduleTest, CosineIsHalfWayInTheMiddleAndEndsAtItsFloor) {
  ScheduleConfig schedule = schedule_of(ScheduleKind::kCosine, 2);
  schedule.end_lr = 0.1;
  EXPECT_DOUBLE_EQ(rate(schedule, 48), 0.25);  // the middle of steps 16 to 80, by hand
  EXPECT_NEAR(rate(schedule, 32), 0.25 + 0.15 * std::sqrt(0.5), 1e-15);  // a quarter: cos(pi / 4)
  EXPECT_DOUBLE_EQ(rate(schedule, kSteps), 0.1);
}

TEST(ScheduleTest, LinearFallsInAStraightLineToItsFloor) {
  ScheduleConfig schedule = schedule_of(ScheduleKind::kLinear, 2);
  schedule.end_lr = 0.1;
  EXPECT_DOUBLE_EQ(rate(schedule, 32), 0.4 - 0.3 / 4);
  EXPECT_DOUBLE_EQ(rate(schedule, kSteps), 0.1);
}

TEST(ScheduleTest, StepFallsAtTheFirstStepOfEachMilestone) {
  ScheduleConfig schedule = schedule_of(ScheduleKind::kStep);
  schedule.milestones = {3, 6};
  schedule.factor = 0.5;
  EXPECT_EQ(rate(schedule, 23), 0.4);
  EXPECT_EQ(rate(schedule, 24), 0.2);
  EXPECT_EQ(rate(schedule, 47), 0.2);
  EXPECT_EQ(rate(schedule, 48), 0.1);
  EXPECT_EQ(rate(schedule, kSteps), 0.1);
}

TEST(ScheduleTest, ARunThatIsAllWarmUpEndsAtThePeak) {
  EXPECT_EQ(rate(schedule_of(ScheduleKind::kCosine, 10), kSteps), 0.4);
  EXPECT_EQ(rate(schedule_of(ScheduleKind::kLinear, 10), kSteps), 0.4);
}

}  // namespace
}  // namespace kith::host
