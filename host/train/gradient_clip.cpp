// SPDX-License-Identifier: Apache-2.0
#include "train/gradient_clip.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace kith::host {

at::Tensor clip_gradient_norm(const std::vector<at::Tensor>& parameters, double max_norm) {
  TORCH_CHECK(max_norm > 0, "clip_gradient_norm: max_norm must be > 0, got ", max_norm);
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  gradients.reserve(parameters.size());
  for (const at::Tensor& parameter : parameters) {
    if (parameter.grad().defined()) gradients.push_back(parameter.grad());
  }
  if (gradients.empty()) return at::zeros({});
  const at::Tensor norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients)), 2);
  at::_foreach_mul_(gradients, (max_norm / (norm + 1e-6)).clamp_max(1.0));
  return norm;
}

}  // namespace kith::host
