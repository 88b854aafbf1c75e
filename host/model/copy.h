// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/abi/method.h>

#include <string>
#include <utility>
#include <vector>

namespace kith::host {

class Job;
class State;
struct Parameter;
struct Buffer;

/// A network that follows another one (teacher, key encoder, target): pairs of tensors and the
/// rule.
struct Copy {
  kith_instance source = nullptr;
  kith_instance copy = nullptr;
  kith_copy rule{};
  std::vector<std::pair<Parameter*, Parameter*>> parameters;  ///< source, copy
  std::vector<std::pair<Buffer*, Buffer*>> buffers;

  /// Pairs tensors by their local names. @throws PluginError if the two do not have the same ones.
  void pair(State& state);
  /// Makes the copy equal to its source, buffers too.
  void begin() const;
  /// copy = m copy + (1 - m) source for parameters; buffers as the rule says.
  void move(double ema_momentum) const;
};

/// The value of a schedule at a step; a pure function of progress.
double schedule_value(const kith_schedule& schedule, const kith_progress& progress);

}  // namespace kith::host
