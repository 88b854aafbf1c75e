// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace kith::harness {

/// What a computation takes as given where it could have had a gradient: tensors without one that
/// enter an operator while gradients are recorded. So what was detached, computed under NoGrad or
/// looked up counts as given; what is computed inside NoGrad does not, until it is used.
///
/// A computation that is replayed takes these as they were when they were recorded, whatever the
/// parameters are by then. Its value is then a function whose derivative is the gradient that
/// automatic differentiation finds, and can be held against differences. Calls of one thread, that
/// of the computation. Not seen is what is used under NoGrad alone: by a backward written by hand,
/// or in a segment that is run again in the backward pass.
class HeldConstants {
 public:
  void record(const std::function<void()>& work);
  bool recorded() const { return recorded_; }
  /// @throws PluginError  if the work calls other operators than the one that was recorded.
  void replay(const std::function<void()>& work);

  /// One operator's constant.
  struct Entry {
    std::string operator_name;
    at::Tensor value;
  };

 private:
  std::vector<Entry> entries_;
  bool recorded_ = false;
};

}  // namespace kith::harness
