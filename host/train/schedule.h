// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/experiment.h"

namespace kith::host {

/// How the learning rate moves over a run. [any thread]
struct ScheduleSpec {
  ScheduleKind kind = ScheduleKind::kCosine;
  /// The rate rises linearly over so many epochs (a fraction is fine) and reaches its peak at the
  /// first step after them, as in MoCo v3 and SimCLR.
  double warmup_epochs = 0;
  double warmup_start_lr = 0;  ///< where it rises from: a learning rate
  /// It reaches its peak at the last step of the warm-up, and has it once more at the step after,
  /// as in DINO, SwAV and solo-learn.
  bool warmup_reaches_peak = false;
  /// Where cosine and linear end: a learning rate, not a fraction of the base.
  double end_lr = 0;
  /// Cosine and linear: after the warm-up each step has the rate of its own moment, of its epoch's
  /// first step or of its epoch's end.
  RateChange every = RateChange::kEachStep;
  /// Kind step: from each of these epochs on (counted from 0, ascending) the rate is `factor` times
  /// what it was.
  std::vector<double> milestones;
  double factor = 0.1;
  /// Kind step, if not empty, in place of `factor`: what part of the base the rate is from each
  /// milestone on.
  std::vector<double> factors;
};

/// @throws ConfigError if the schedule does not fit a run of `steps` steps: the warm-up is negative
/// or longer than the run, or milestones do not ascend.
void check_schedule(const ScheduleSpec& spec, std::int64_t steps, std::int64_t steps_per_epoch);

/// The learning rate of step `step`, a pure function of its arguments.
///
/// @param base             the peak, where the warm-up ends.
/// @param step             in [0, steps]; at `steps`, after the last one, cosine and linear are at
///                         `end_lr`.
/// @param steps            of the whole run.
/// @param steps_per_epoch  > 0.
double learning_rate(const ScheduleSpec& spec, double base, std::int64_t step, std::int64_t steps,
                     std::int64_t steps_per_epoch);

/// From `start` at t = 0 to `end` at t = duration along half a cosine: end + (start - end)(1 +
/// cos(pi t / duration)) / 2. It is the form of EMA momentum (end 1), weight decay and temperature
/// schedules too. `duration` > 0.
double cosine_between(double start, double end, double t, double duration);

/// From `start` at t = 0 to `end` at t = duration in a straight line. `duration` > 0.
double linear_between(double start, double end, double t, double duration);

}  // namespace kith::host
