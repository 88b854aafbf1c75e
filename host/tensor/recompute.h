// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace kith::host {

/// What a forward pass on this thread must remember so that it can be run again: whether it is a
/// second run, and how many draws (dropout) the step has made so far. The host sets `draws` to 0
/// before each step.
struct ForwardState {
  std::int64_t draws = 0;
  bool recomputing = false;
};

/// This thread's state.
ForwardState& forward_state();

/// Sets this thread's state and puts back what was there.
class ForwardStateGuard {
 public:
  explicit ForwardStateGuard(const ForwardState& state) : before_(forward_state()) {
    forward_state() = state;
  }
  ~ForwardStateGuard() { forward_state() = before_; }
  ForwardStateGuard(const ForwardStateGuard&) = delete;
  ForwardStateGuard& operator=(const ForwardStateGuard&) = delete;

 private:
  ForwardState before_;
};

}  // namespace kith::host
