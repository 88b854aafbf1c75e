// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "config/experiment.h"

namespace kith::host {

/// The learning rate of step `step`, a pure function of its arguments. [any thread]
///
/// The warm-up rises linearly from 0 and reaches the peak at the first step after it, as in MoCo v3
/// and SimCLR. Then cosine and linear run to `end_lr`; kind step multiplies at the first step of
/// each milestone, an epoch counted from 0.
///
/// @param base             the peak, where the warm-up ends.
/// @param step             in [0, steps]; at `steps`, after the last one, cosine and linear are at
///                         `end_lr`.
/// @param steps            of the whole run.
/// @param steps_per_epoch  > 0.
double learning_rate(const ScheduleConfig& schedule, double base, std::int64_t step,
                     std::int64_t steps, std::int64_t steps_per_epoch);

/// From `start` at t = 0 to `end` at t = duration along half a cosine: end + (start - end)(1 +
/// cos(pi t / duration)) / 2. It is the form of EMA momentum (end 1), weight decay and temperature
/// schedules too. `duration` > 0.
double cosine_between(double start, double end, double t, double duration);

/// From `start` at t = 0 to `end` at t = duration in a straight line. `duration` > 0.
double linear_between(double start, double end, double t, double duration);

}  // namespace kith::host
