// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "train/training_state.h"

namespace kith::host {

/// What a checkpoint must be. A parameter, a copy of one or the optimiser's state must be finite. A
/// buffer may hold infinity (a method's mark for "none yet"), but no NaN.
///
/// @param job   that the state is of: it knows what is a buffer.
/// @param step  steps done.
/// @throws kith::Error  naming the first tensor that is not so, how many of its numbers are not,
/// and
///                      the step.
void require_finite_state(const std::map<std::string, TensorSnapshot>& state, const Job& job,
                          std::int64_t step);

}  // namespace kith::host
