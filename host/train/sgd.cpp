// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <cstddef>

#include "train/momentum_kernels.h"
#include "train/optimizer_state.h"

namespace kith::host {
namespace {

class Sgd : public Optimizer {
 public:
  explicit Sgd(const OptimizerSpec& spec) : Optimizer(fields(spec)), spec_(spec) {}

 private:
  static std::vector<StateField> fields(const OptimizerSpec& spec) {
    if (spec.sgd_momentum == 0) return {};
    return {{"momentum_buffer", /*is_count=*/false}};
  }

  void update_one(const Batch& batch, std::size_t i) const override {
    const MomentumStep step{.parameter_weight = batch.decay_of(spec_),
                            .momentum = spec_.sgd_momentum,
                            .rate = batch.learning_rate,
                            .nesterov = spec_.nesterov};
    if (batch.state.empty())
      take_step_without_velocity(step, batch.parameters[i], batch.gradients[i]);
    else
      take_step(step, batch.parameters[i], batch.gradients[i], batch.state[0][i]);
  }

  void update_by_operators(Batch& batch) const override {
    // A buffer of zeros before the first step gives v = g there, as PyTorch's own first step.
    const at::TensorList buffers = batch.state.empty() ? at::TensorList{} : batch.state[0];
    at::_fused_sgd_(batch.parameters, batch.gradients, buffers, batch.decay_of(spec_),
                    spec_.sgd_momentum, batch.learning_rate, /*dampening=*/0, spec_.nesterov,
                    /*maximize=*/false,
                    /*is_first_step=*/false, /*grad_scale=*/{}, batch.skip_if_any());
  }

  OptimizerSpec spec_;
};

}  // namespace

std::unique_ptr<Optimizer> make_sgd(const OptimizerSpec& spec) {
  return std::make_unique<Sgd>(spec);
}

}  // namespace kith::host
