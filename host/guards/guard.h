// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/job.h"

namespace kith::host {

/// A training step that guards look at, after it was done. The losses of the job were watched in
/// it.
struct Look {
  Job& job;
  const kith_step_s& batch;
  std::int64_t step = 0;     ///< steps done, from 1
  double learning_rate = 0;  ///< that the step used
  at::Tensor loss{};         ///< 0-d
};

/// What a guard found after the run's first step, by whose rows; in each checkpoint, so that a run
/// that goes on is held against it too.
struct FirstStep {
  const char* guard;  ///< its name there
  std::map<std::string, double> values = {};
};

/// Watches for one way in which a run goes wrong without an error. It may read back from the
/// device: it looks at one step in many. [train thread]
class Guard {
 public:
  virtual ~Guard() = default;
  /// What is wrong, with the step and what to try; each thing once in the guard's life.
  virtual std::vector<std::string> look(const Look& look) = 0;
  /// Null for one that holds nothing against the first step.
  virtual FirstStep* first_step() { return nullptr; }
};

}  // namespace kith::host
