// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include "train/optimizer_state.h"

namespace kith::host {
namespace {

class Lars : public Optimizer {
 public:
  explicit Lars(const OptimizerSpec& spec)
      : Optimizer({{"momentum_buffer", /*is_count=*/false}}), spec_(spec) {}

 private:
  void update(Batch& batch) override {
    const bool decays = batch.treatment.decays && spec_.weight_decay != 0;
    const std::vector<at::Tensor> direction =
        decays ? at::_foreach_add(batch.gradients, batch.parameters, spec_.weight_decay)
               : batch.gradients;
    const std::vector<at::Tensor>& velocity = batch.state[0];
    at::_foreach_mul_(velocity, spec_.sgd_momentum);
    if (batch.treatment.adapts) {
      at::_foreach_add_(velocity, at::_foreach_mul(direction, ratios(batch.parameters, direction)));
    } else {
      at::_foreach_add_(velocity, direction);
    }
    at::_foreach_add_(batch.parameters, velocity, -batch.learning_rate);
  }

  /// trust |p| / |d| of each tensor, 1 where a norm is 0; on the device, without a read-back.
  std::vector<at::Tensor> ratios(at::TensorList parameters, at::TensorList directions) const {
    const at::Tensor parameter_norm = at::stack(at::_foreach_norm(parameters));  // [tensors]
    const at::Tensor direction_norm = at::stack(at::_foreach_norm(directions));  // [tensors]
    const at::Tensor both = parameter_norm.gt(0).logical_and_(direction_norm.gt(0));
    const at::Tensor ratio = parameter_norm.mul(spec_.trust).div_(direction_norm);
    return at::where(both, ratio, at::ones_like(ratio)).unbind(0);
  }

  OptimizerSpec spec_;
};

}  // namespace

std::unique_ptr<Optimizer> make_lars(const OptimizerSpec& spec) {
  return std::make_unique<Lars>(spec);
}

}  // namespace kith::host
