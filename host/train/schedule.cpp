// SPDX-License-Identifier: Apache-2.0
#include "train/schedule.h"

#include <cmath>
#include <numbers>

namespace kith::host {
namespace {

/// The number of steps of the warm-up, which need not be whole.
double warmup_steps(const ScheduleConfig& schedule, std::int64_t steps_per_epoch) {
  return schedule.warmup_epochs * static_cast<double>(steps_per_epoch);
}

double after_milestones(const ScheduleConfig& schedule, double base, double epoch) {
  double rate = base;
  for (std::int64_t milestone : schedule.milestones) {
    if (epoch >= static_cast<double>(milestone)) rate *= schedule.factor;
  }
  return rate;
}

}  // namespace

double learning_rate(const ScheduleConfig& schedule, double base, std::int64_t step,
                     std::int64_t steps, std::int64_t steps_per_epoch) {
  const double warmup = warmup_steps(schedule, steps_per_epoch);
  const double t = static_cast<double>(step);
  if (t < warmup) return base * t / warmup;
  const double duration = static_cast<double>(steps) - warmup;
  switch (schedule.kind) {
    case ScheduleKind::kConstant:
      return base;
    case ScheduleKind::kStep:
      return after_milestones(schedule, base, t / static_cast<double>(steps_per_epoch));
    case ScheduleKind::kCosine:
      return duration > 0 ? cosine_between(base, schedule.end_lr, t - warmup, duration) : base;
    case ScheduleKind::kLinear:
      return duration > 0 ? linear_between(base, schedule.end_lr, t - warmup, duration) : base;
  }
  return base;
}

double cosine_between(double start, double end, double t, double duration) {
  return end + 0.5 * (start - end) * (1 + std::cos(std::numbers::pi * t / duration));
}

double linear_between(double start, double end, double t, double duration) {
  return start + (end - start) * (t / duration);
}

}  // namespace kith::host
