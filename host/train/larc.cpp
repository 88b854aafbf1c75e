// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <algorithm>
#include <cstddef>

#include "train/momentum_kernels.h"
#include "train/optimizer_state.h"

namespace kith::host {
namespace {

class Larc : public Optimizer {
 public:
  explicit Larc(const OptimizerSpec& spec)
      : Optimizer({{"momentum_buffer", /*is_count=*/false}}), spec_(spec) {}

 private:
  /// One parameter: a pass over it for the norms, where it adapts, and one that moves it.
  void update_one(const Batch& batch, std::size_t i) const override {
    const at::Tensor &parameter = batch.parameters[i], &gradient = batch.gradients[i],
                     &velocity = batch.state[0][i];
    const double weight_decay = batch.decay_of(spec_);
    MomentumStep step{.momentum = spec_.sgd_momentum, .rate = batch.learning_rate};
    if (batch.treatment.adapts) {
      const Norms norms = norms_of(step, parameter, gradient);
      if (norms.parameter > 0 && norms.direction > 0) {
        step.gradient_weight = spec_.trust * norms.parameter /
                               (norms.direction + weight_decay * norms.parameter + spec_.eps);
        if (spec_.clip) step.gradient_weight = std::min(step.gradient_weight / step.rate, 1.0);
        step.parameter_weight = step.gradient_weight * weight_decay;
      }
    } else {
      step.parameter_weight = weight_decay;
    }
    take_step(step, parameter, gradient, velocity);
  }

  void update_by_operators(Batch& batch) const override {
    put_back_where_skipped(batch, [&] { update_composed(batch); });
  }

  /// The same by operators over lists of tensors, on the device, without a read-back.
  void update_composed(Batch& batch) const {
    const double weight_decay = batch.decay_of(spec_);
    const std::vector<at::Tensor> direction =
        batch.treatment.adapts ? adapted(batch, weight_decay)
        : weight_decay != 0    ? at::_foreach_add(batch.gradients, batch.parameters, weight_decay)
                               : batch.gradients;
    const std::vector<at::Tensor>& velocity = batch.state[0];
    at::_foreach_mul_(velocity, spec_.sgd_momentum);
    at::_foreach_add_(velocity, direction);
    at::_foreach_add_(batch.parameters, velocity, -batch.learning_rate);
  }

  /// (g + w p) trust |p| / (|g| + w |p| + eps), and g alone where a norm is 0.
  std::vector<at::Tensor> adapted(const Batch& batch, double weight_decay) const {
    const at::Tensor parameter_norm = at::stack(at::_foreach_norm(batch.parameters));  // [tensors]
    const at::Tensor gradient_norm = at::stack(at::_foreach_norm(batch.gradients));    // [tensors]
    const at::Tensor both = parameter_norm.gt(0).logical_and_(gradient_norm.gt(0));
    at::Tensor ratio = parameter_norm.mul(spec_.trust) /
                       (gradient_norm + parameter_norm.mul(weight_decay) + spec_.eps);
    if (spec_.clip) ratio = ratio.div(batch.learning_rate).clamp_max(1);
    const auto factor = at::where(both, ratio, at::ones_like(ratio));
    const auto decay = at::where(both, ratio.mul(weight_decay), at::zeros_like(ratio));
    auto direction = at::_foreach_mul(batch.gradients, factor.unbind(0));
    at::_foreach_add_(direction, at::_foreach_mul(batch.parameters, decay.unbind(0)));
    return direction;
  }

  OptimizerSpec spec_;
};

}  // namespace

std::unique_ptr<Optimizer> make_larc(const OptimizerSpec& spec) {
  return std::make_unique<Larc>(spec);
}

}  // namespace kith::host
