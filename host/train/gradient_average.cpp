// SPDX-License-Identifier: Apache-2.0
#include "train/gradient_average.h"

#include <ATen/ATen.h>

namespace kith::host {

void average_gradients(const std::vector<at::Tensor>& parameters, Communicator& ranks) {
  if (ranks.ranks() == 1) return;
  const at::NoGradGuard no_grad;
  for (const auto& p : parameters)
    if (p.grad().defined()) p.grad().copy_(all_reduce_sum(ranks, p.grad()).div_(ranks.ranks()));
}

}  // namespace kith::host
