// SPDX-License-Identifier: Apache-2.0
#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <kith/error.hpp>
#include <numbers>
#include <sstream>
#include <utility>

namespace kith::host {
namespace {

/// The number of steps of the warm-up, which need not be whole.
double warmup_steps(const ScheduleSpec& spec, std::int64_t steps_per_epoch) {
  return spec.warmup_epochs * static_cast<double>(steps_per_epoch);
}

double after_milestones(const ScheduleSpec& spec, double base, double epoch) {
  double rate = base;
  for (std::size_t i = 0; i < spec.milestones.size() && epoch >= spec.milestones[i]; ++i) {
    rate = spec.factors.empty() ? rate * spec.factor : base * spec.factors[i];
  }
  return rate;
}

/// @param t  step, below `warmup`, the number of steps of the warm-up.
double warming_up(const ScheduleSpec& spec, double base, double t, double warmup) {
  const double last = spec.warmup_reaches_peak ? warmup - 1 : warmup;
  return last > 0 ? linear_between(spec.warmup_start_lr, base, t, last) : base;
}

/// The moment, in steps, whose rate step `step` has. An epoch's first step may lie in the warm-up.
double moment_of(RateChange every, std::int64_t step, std::int64_t steps,
                 std::int64_t steps_per_epoch) {
  const std::int64_t begin = step - step % steps_per_epoch;
  switch (every) {
    case RateChange::kEachStep:
      return static_cast<double>(step);
    case RateChange::kEachEpoch:
      return static_cast<double>(begin);
    case RateChange::kEachEpochEnd:
      return static_cast<double>(std::min(begin + steps_per_epoch, steps));
  }
  return static_cast<double>(step);
}

}  // namespace

void check_schedule(const ScheduleSpec& spec, std::int64_t steps, std::int64_t steps_per_epoch) {
  std::ostringstream text;
  const double warmup = warmup_steps(spec, steps_per_epoch);
  if (!(spec.warmup_epochs >= 0)) {
    text << "schedule: warmup_epochs must be >= 0, got " << spec.warmup_epochs
         << " (schedule.warmup_epochs)";
  } else if (warmup > static_cast<double>(steps)) {
    text << "schedule: the warm-up must not be longer than the run of " << steps << " steps, got "
         << spec.warmup_epochs << " epochs = " << warmup << " steps (schedule.warmup_epochs)";
  } else if (!std::is_sorted(spec.milestones.begin(), spec.milestones.end())) {
    text << "schedule: milestones must ascend, got [";
    for (std::size_t i = 0; i < spec.milestones.size(); ++i) {
      text << (i == 0 ? "" : ", ") << spec.milestones[i];
    }
    text << "] (schedule.milestones)";
  } else if (!spec.factors.empty() && spec.factors.size() != spec.milestones.size()) {
    text << "schedule: factors must be as many as milestones, which are " << spec.milestones.size()
         << ", got " << spec.factors.size() << " (schedule.factors)";
  } else {
    return;
  }
  throw ConfigError(text.str());
}

double learning_rate(const ScheduleSpec& spec, double base, std::int64_t step, std::int64_t steps,
                     std::int64_t steps_per_epoch) {
  const double warmup = warmup_steps(spec, steps_per_epoch);
  const double t = static_cast<double>(step);
  if (t < warmup) return warming_up(spec, base, t, warmup);
  const double duration = static_cast<double>(steps) - warmup;
  const double since = std::max(moment_of(spec.every, step, steps, steps_per_epoch) - warmup, 0.0);
  switch (spec.kind) {
    case ScheduleKind::kConstant:
      return base;
    case ScheduleKind::kStep:
      return after_milestones(spec, base, t / static_cast<double>(steps_per_epoch));
    case ScheduleKind::kCosine:
      return duration > 0 ? cosine_between(base, spec.end_lr, since, duration) : base;
    case ScheduleKind::kLinear:
      return duration > 0 ? linear_between(base, spec.end_lr, since, duration) : base;
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
