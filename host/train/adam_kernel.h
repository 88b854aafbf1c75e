// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace kith::host {

/// Adam's step of one parameter p, with g its gradient, m and v its moments (arXiv 1412.6980,
/// Alg. 1, in PyTorch's order), the n-th one of n >= 1:
///   g <- g + decay p, or decoupled p <- p - rate decay p
///   m <- m + (1 - beta1) (g - m);  v <- beta2 v + (1 - beta2) g^2
///   p <- p - rate / (1 - beta1^n) m / (sqrt(v) / sqrt(1 - beta2^n) + eps)
struct AdamStep {
  double rate, beta1, beta2, eps, decay;
  bool decoupled;
};

/// One pass over its tensors, in pieces that threads share; where `has_kernels`. The result does
/// not depend on the number of threads.
void take_step(const AdamStep& step, double n, const at::Tensor& parameter,
               const at::Tensor& gradient, const at::Tensor& mean, const at::Tensor& square);

}  // namespace kith::host
