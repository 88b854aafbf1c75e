// SPDX-License-Identifier: Apache-2.0
#include "train/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <kith/error.hpp>

namespace kith::host {
namespace {

// 10 epochs of 8 steps, 2 of them warm-up, unless a test says otherwise.
constexpr std::int64_t kStepsPerEpoch = 8;
constexpr std::int64_t kSteps = 80;

ScheduleSpec spec_of(ScheduleKind kind, double warmup_epochs = 0) {
  ScheduleSpec spec;
  spec.kind = kind;
  spec.warmup_epochs = warmup_epochs;
  return spec;
}

double rate(const ScheduleSpec& spec, std::int64_t step) {
  return learning_rate(spec, 0.4, step, kSteps, kStepsPerEpoch);
}

TEST(ScheduleTest, WarmUpRisesFromZeroAndReachesThePeakAtTheFirstStepAfterIt) {
  for (ScheduleKind kind : {ScheduleKind::kConstant, ScheduleKind::kCosine, ScheduleKind::kLinear,
                            ScheduleKind::kStep}) {
    const ScheduleSpec spec = spec_of(kind, 2);
    EXPECT_EQ(rate(spec, 0), 0);
    EXPECT_DOUBLE_EQ(rate(spec, 4), 0.1);  // 4 of 16 steps
    EXPECT_DOUBLE_EQ(rate(spec, 15), 0.4 * 15 / 16);
    EXPECT_DOUBLE_EQ(rate(spec, 16), 0.4);
  }
}

TEST(ScheduleTest, WarmUpMayBeAFractionOfAnEpoch) {
  const ScheduleSpec spec = spec_of(ScheduleKind::kConstant, 0.3);  // 2.4 steps
  EXPECT_DOUBLE_EQ(rate(spec, 2), 0.4 * 2 / 2.4);
  EXPECT_DOUBLE_EQ(rate(spec, 3), 0.4);
}

TEST(ScheduleTest, ConstantKeepsTheBase) {
  const ScheduleSpec spec = spec_of(ScheduleKind::kConstant);
  EXPECT_EQ(rate(spec, 0), 0.4);
  EXPECT_EQ(rate(spec, kSteps), 0.4);
}

TEST(ScheduleTest, CosineIsHalfWayInTheMiddleAndEndsAtItsFloor) {
  ScheduleSpec spec = spec_of(ScheduleKind::kCosine, 2);
  spec.end_lr = 0.1;
  EXPECT_DOUBLE_EQ(rate(spec, 48), 0.25);  // the middle of steps 16 to 80, by hand
  EXPECT_NEAR(rate(spec, 32), 0.25 + 0.15 * std::sqrt(0.5), 1e-15);  // a quarter: cos(pi / 4)
  EXPECT_DOUBLE_EQ(rate(spec, kSteps), 0.1);
}

TEST(ScheduleTest, LinearFallsInAStraightLineToItsFloor) {
  ScheduleSpec spec = spec_of(ScheduleKind::kLinear, 2);
  spec.end_lr = 0.1;
  EXPECT_DOUBLE_EQ(rate(spec, 32), 0.4 - 0.3 / 4);
  EXPECT_DOUBLE_EQ(rate(spec, kSteps), 0.1);
}

TEST(ScheduleTest, StepFallsAtTheFirstStepOfEachMilestone) {
  ScheduleSpec spec = spec_of(ScheduleKind::kStep);
  spec.milestones = {3, 6.5};
  spec.factor = 0.5;
  EXPECT_EQ(rate(spec, 23), 0.4);
  EXPECT_EQ(rate(spec, 24), 0.2);
  EXPECT_EQ(rate(spec, 51), 0.2);
  EXPECT_EQ(rate(spec, 52), 0.1);
  EXPECT_EQ(rate(spec, kSteps), 0.1);
}

TEST(ScheduleTest, AnEpochHasOneRateWhereItChangesByEpochs) {
  for (const auto kind : {ScheduleKind::kCosine, ScheduleKind::kLinear}) {
    const ScheduleSpec by_step = spec_of(kind);
    ScheduleSpec by_epoch = by_step, by_end = by_step;
    by_epoch.every = RateChange::kEachEpoch;
    by_end.every = RateChange::kEachEpochEnd;
    for (std::int64_t step = 0; step < kSteps; ++step) {
      const std::int64_t begin = step - step % kStepsPerEpoch;
      EXPECT_EQ(rate(by_epoch, step), rate(by_step, begin)) << step;
      EXPECT_EQ(rate(by_end, step), rate(by_step, begin + kStepsPerEpoch)) << step;
    }
    EXPECT_EQ(rate(by_end, kSteps - 1), 0);  // epochs counted from 1: the last is at the end
  }
  // By hand, epochs 1 to 10 of MoCo's notebook: 0.4 (1 + cos(pi e / 10)) / 2.
  ScheduleSpec notebook = spec_of(ScheduleKind::kCosine);
  notebook.every = RateChange::kEachEpochEnd;
  EXPECT_NEAR(rate(notebook, 0), 0.2 * (1 + std::cos(0.1 * std::acos(-1.0))), 1e-15);
}

TEST(ScheduleTest, TheWarmUpRisesByStepsAndThePeakFollowsWhereItEndsInAnEpoch) {
  ScheduleSpec spec = spec_of(ScheduleKind::kCosine, 1.5);  // 12 steps: half of epoch 1
  spec.every = RateChange::kEachEpoch;
  EXPECT_DOUBLE_EQ(rate(spec, 11), 0.4 * 11 / 12);
  EXPECT_EQ(rate(spec, 12), 0.4);
  EXPECT_EQ(rate(spec, 15), 0.4);
  EXPECT_DOUBLE_EQ(rate(spec, 20), cosine_between(0.4, 0, 4, 68));  // 4 of the 68 that are left
}

TEST(ScheduleTest, ARunThatIsAllWarmUpEndsAtThePeak) {
  EXPECT_EQ(rate(spec_of(ScheduleKind::kCosine, 10), kSteps), 0.4);
  EXPECT_EQ(rate(spec_of(ScheduleKind::kLinear, 10), kSteps), 0.4);
}

template <class F>
std::string error_of(F f) {
  try {
    f();
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "no error";
}

TEST(ScheduleTest, RejectsAWarmUpLongerThanTheRun) {
  EXPECT_EQ(
      error_of(
          [] { check_schedule(spec_of(ScheduleKind::kCosine, 10.5), kSteps, kStepsPerEpoch); }),
      "schedule: the warm-up must not be longer than the run of 80 steps, got 10.5 epochs = 84 "
      "steps (schedule.warmup_epochs)");
  EXPECT_EQ(
      error_of([] { check_schedule(spec_of(ScheduleKind::kCosine, 10), kSteps, kStepsPerEpoch); }),
      "no error");
}

TEST(ScheduleTest, RejectsANegativeWarmUp) {
  EXPECT_EQ(
      error_of([] { check_schedule(spec_of(ScheduleKind::kCosine, -1), kSteps, kStepsPerEpoch); }),
      "schedule: warmup_epochs must be >= 0, got -1 (schedule.warmup_epochs)");
}

TEST(ScheduleTest, RejectsMilestonesOutOfOrder) {
  ScheduleSpec spec = spec_of(ScheduleKind::kStep);
  spec.milestones = {6, 3};
  EXPECT_EQ(error_of([&] { check_schedule(spec, kSteps, kStepsPerEpoch); }),
            "schedule: milestones must ascend, got [6, 3] (schedule.milestones)");
}

}  // namespace
}  // namespace kith::host
