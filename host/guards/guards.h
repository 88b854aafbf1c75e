// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "eval/features.h"
#include "guards/guard.h"

namespace kith::host {

/// All guards of a run. [train thread]
class Guards {
 public:
  /// @param evaluated  what stands for the rows of a loss in a method that calls none.
  Guards(const GuardsConfig& config, std::int64_t steps, FeatureChoice evaluated);

  /// Whether they look at the step that makes `step` steps done: the first, every
  /// guards.every_steps, and the last.
  bool due(std::int64_t step) const;
  /// Tells what is found. @throws kith::Error with it where guards.fatal is set.
  void look(const Look& look, const std::function<void(const std::string&)>& warn);

  /// What the guards know of the first step, for a checkpoint: JSON, guard by guard.
  std::string first_step() const;
  /// The same from a checkpoint; guards that it lacks know nothing.
  void recall_first_step(const std::string& json);

 private:
  GuardsConfig config_;
  std::int64_t steps_;
  std::vector<std::unique_ptr<Guard>> guards_;
};

}  // namespace kith::host
