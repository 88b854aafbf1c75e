// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

struct kith_callable_s;

namespace kith::host {

/// Looks at the calls of one encoder that a job makes in training: it keeps an output of the first
/// one after it was armed. Neither the call nor its gradient changes. [train thread]
class Tap {
 public:
  Tap(const kith_callable_s* callable, std::uint32_t output)
      : callable_(callable), output_(output) {}

  /// Forgets what it has, and keeps the next call.
  void arm() {
    armed_ = true;
    saw_call_ = false;
    input_.reset();
    value_.reset();
  }
  /// The job's part: a call that is done.
  void see(const kith_callable_s* callable, const at::Tensor& input,
           const std::vector<at::Tensor>& outputs) {
    if (!armed_ || callable != callable_) return;
    armed_ = false;
    saw_call_ = true;
    input_ = input.detach();
    // A copy: the method may go on with its own in place.
    if (outputs[output_].defined()) value_ = outputs[output_].detach().clone();
  }

  bool saw_call() const { return saw_call_; }
  /// The rows that the encoder was given; shares their memory.
  const at::Tensor& input() const { return input_; }
  /// The output, without its graph; undefined if the call did not ask for it.
  const at::Tensor& value() const { return value_; }
  void forget() {
    input_.reset();
    value_.reset();
  }

 private:
  const kith_callable_s* callable_;
  std::uint32_t output_;
  bool armed_ = false, saw_call_ = false;
  at::Tensor input_, value_;
};

}  // namespace kith::host
