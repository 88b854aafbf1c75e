// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace kith::host {

/// Adam's step number t >= 1 of one parameter p, with g its gradient, m and v its moments
/// (arXiv 1412.6980, Alg. 1; what is decoupled: arXiv 1711.05101, Alg. 2):
///   g <- g + decay p, or decoupled p <- p - rate decay p
///   m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2
///   p <- p - rate / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
struct AdamStep {
  double number = 1;  ///< t
  double rate, beta1, beta2, eps, decay;
  bool decoupled;
};

/// One pass over its tensors, in pieces that threads share; where `has_cpu_kernels`. The result
/// does not depend on the number of threads.
void take_step(const AdamStep& step, const at::Tensor& parameter, const at::Tensor& gradient,
               const at::Tensor& mean, const at::Tensor& square);

}  // namespace kith::host
