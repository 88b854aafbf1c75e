// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace kith::host {

class Communicator;

struct BatchNormCall {
  at::Tensor input;         ///< [N, C, ...]
  at::Tensor weight, bias;  ///< [C] or undefined
  at::Tensor running_mean, running_var;
  double momentum = 0.1;  ///< the new value's share
  double eps = 1e-5;
  bool training = true;
  bool update = true;       ///< move the running averages
  std::int64_t groups = 1;  ///< row n is in group n mod groups
  Communicator* ranks =
      nullptr;  ///< statistics over ranks, by groups as well; null: this rank's own
};

/// Batch normalisation over dimension 1; the running variance is the unbiased one, as PyTorch has
/// it. With groups the running averages take the mean over groups. @throws ShapeError if N is not
/// divisible by the groups.
at::Tensor batch_norm(const BatchNormCall& call);

}  // namespace kith::host
