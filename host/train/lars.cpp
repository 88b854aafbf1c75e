// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <cstddef>
#include <utility>

#include "train/momentum_kernels.h"
#include "train/optimizer_state.h"

namespace kith::host {
namespace {

using Tensors = std::vector<at::Tensor>;

class Lars : public Optimizer {
 public:
  explicit Lars(const OptimizerSpec& spec)
      : Optimizer({{"momentum_buffer", /*is_count=*/false}}), spec_(spec) {}

 private:
  /// One parameter: a pass over it for the norms, where it adapts, and one that moves it.
  void update_one(const Batch& batch, std::size_t i) const override {
    const at::Tensor &parameter = batch.parameters[i], &gradient = batch.gradients[i],
                     &velocity = batch.state[0][i];
    MomentumStep step{.gradient_weight = 1,
                      .parameter_weight = batch.decay_of(spec_),
                      .momentum = spec_.sgd_momentum,
                      .rate = batch.learning_rate,
                      .nesterov = spec_.nesterov};
    const bool adapts = batch.treatment.adapts;
    if (adapts && spec_.lars_form == LarsForm::kAdaptedLast) {
      step.rate *= ratio(move_velocity(step, parameter, gradient, velocity));
      return move_parameter(step, parameter, gradient, velocity);
    }
    double weight = adapts ? ratio(norms_of(step, parameter, gradient)) : 1;
    if (spec_.lars_form == LarsForm::kClassic) weight *= std::exchange(step.rate, 1);
    step.gradient_weight *= weight;
    step.parameter_weight *= weight;
    take_step(step, parameter, gradient, velocity);
  }

  double ratio(const Norms& norms) const {
    const bool both = norms.parameter > 0 && norms.direction > 0;
    return both ? spec_.trust * norms.parameter / norms.direction : 1;
  }

  void update_by_operators(Batch& batch) const override {
    put_back_where_skipped(batch, [&] { update_composed(batch); });
  }

  /// The same by operators over lists of tensors, on the device, without a read-back.
  void update_composed(Batch& batch) const {
    const double weight_decay = batch.decay_of(spec_);
    const Tensors direction =
        weight_decay != 0 ? at::_foreach_add(batch.gradients, batch.parameters, weight_decay)
                          : batch.gradients;
    const double lr = batch.learning_rate;
    switch (spec_.lars_form) {
      case LarsForm::kPopular:
        return move(batch, momentum(batch, adapted(batch, direction)), lr);
      case LarsForm::kClassic:
        return move(batch, momentum(batch, at::_foreach_mul(adapted(batch, direction), lr)), 1);
      case LarsForm::kAdaptedLast:
        return move(batch, adapted(batch, momentum(batch, direction)), lr);
    }
  }

  static void move(Batch& batch, const Tensors& by, double rate) {
    at::_foreach_add_(batch.parameters, by, -rate);
  }

  /// v <- m v + d; with nesterov m v + d of the new v.
  Tensors momentum(Batch& batch, const Tensors& direction) const {
    Tensors& velocity = batch.state[0];
    at::_foreach_mul_(velocity, spec_.sgd_momentum);
    at::_foreach_add_(velocity, direction);
    if (!spec_.nesterov) return velocity;
    return at::_foreach_add(direction, velocity, spec_.sgd_momentum);
  }

  /// Each tensor times trust |p| / |d|, where a norm is 0 as it is.
  Tensors adapted(const Batch& batch, const Tensors& direction) const {
    if (!batch.treatment.adapts) return direction;
    const at::Tensor parameter_norm = at::stack(at::_foreach_norm(batch.parameters));  // [tensors]
    const at::Tensor direction_norm = at::stack(at::_foreach_norm(direction));         // [tensors]
    const at::Tensor both = parameter_norm.gt(0).logical_and_(direction_norm.gt(0));
    const at::Tensor ratio = parameter_norm.mul(spec_.trust).div_(direction_norm);
    return at::_foreach_mul(direction, at::where(both, ratio, at::ones_like(ratio)).unbind(0));
  }

  OptimizerSpec spec_;
};

}  // namespace

std::unique_ptr<Optimizer> make_lars(const OptimizerSpec& spec) {
  return std::make_unique<Lars>(spec);
}

}  // namespace kith::host
