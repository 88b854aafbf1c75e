// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace kith::host {

/// Whether the loss and every gradient of a step are finite.
///
/// On a CPU each step is read at once. On a GPU that would wait for the device, so what is found is
/// held there until `require` reads it, and `skip` keeps the optimiser from moving anything in
/// between. A gradient is judged by its sum, on a GPU by the sum of its absolute values; values
/// that are finite and add up to more than 3e38 are taken for infinite. [train thread]
class FiniteWatch {
 public:
  enum class Reading { kEachStep, kWhenAsked };
  explicit FiniteWatch(Reading reading) : reading_(reading) {}

  /// What a step computed, before anything is made of it.
  ///
  /// @param loss        one number.
  /// @param names       of the parameters.
  /// @param parameters  those without a gradient do not count.
  /// @throws kith::Error as `require`, where each step is read.
  void see(const at::Tensor& loss, const std::vector<std::string>& names,
           const std::vector<at::Tensor>& parameters, std::int64_t step, double learning_rate);

  /// @throws kith::Error  with the first step that was not finite, what was not, and what to try.
  void require();

  /// float32 with one number on the device: 1 from the first step on that was not finite, else 0.
  /// Undefined where each step is read.
  const at::Tensor& skip() const { return skip_; }

 private:
  Reading reading_;
  std::vector<std::string> names_;  // of the gradients of the last step
  at::Tensor held_;                 // a Finding of the first step that was not finite, or zeros
  at::Tensor skip_;
};

}  // namespace kith::host
