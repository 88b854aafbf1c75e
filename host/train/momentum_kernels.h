// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace kith::host {

/// A step with momentum of one parameter p, with g its gradient and v its velocity:
///   d = gradient_weight g + parameter_weight p;  v <- momentum v + d
///   p <- p - rate s,  s = v, or with nesterov d + momentum v
struct MomentumStep {
  double gradient_weight = 1, parameter_weight = 0, momentum = 0, rate = 0;
  bool nesterov = false;
};

/// Euclidean norms of a parameter and of what moves it.
struct Norms {
  double parameter = 0, direction = 0;
};

// For parameters that `has_cpu_kernels` (cpu_kernels.h) takes. Each reads its tensors once, in
// pieces that threads share. The results do not depend on the number of threads. Norms are added up
// in float32 over 512 numbers, in double beyond.

/// |p| and |d|
Norms norms_of(const MomentumStep& step, const at::Tensor& parameter, const at::Tensor& gradient);

/// The whole step.
void take_step(const MomentumStep& step, const at::Tensor& parameter, const at::Tensor& gradient,
               const at::Tensor& velocity);

/// p <- p - rate d
void take_step_without_velocity(const MomentumStep& step, const at::Tensor& parameter,
                                const at::Tensor& gradient);

/// The step up to v; |p| and |s|.
Norms move_velocity(const MomentumStep& step, const at::Tensor& parameter,
                    const at::Tensor& gradient, const at::Tensor& velocity);

/// The rest of it, after move_velocity: p <- p - rate s, with s of the new v.
void move_parameter(const MomentumStep& step, const at::Tensor& parameter,
                    const at::Tensor& gradient, const at::Tensor& velocity);

}  // namespace kith::host
