// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include "train/optimizer_state.h"

namespace kith::host {
namespace {

class Adam : public Optimizer {
 public:
  Adam(const OptimizerSpec& spec, bool decoupled)
      : Optimizer({{"exp_avg", false}, {"exp_avg_sq", false}, {"step", /*is_count=*/true}}),
        spec_(spec),
        decoupled_(decoupled) {}

 private:
  void update(Batch& batch) override {
    const double weight_decay = batch.treatment.decays ? spec_.weight_decay : 0;
    at::_foreach_add_(batch.state[2], 1);
    if (batch.skip.defined())  // the kernel leaves the counts alone
      at::_foreach_sub_(batch.state[2], std::vector<at::Tensor>(batch.state[2].size(), batch.skip));
    const auto kernel = decoupled_ ? kFusedAdamW : kFusedAdam;
    kernel(batch.parameters, batch.gradients, batch.state[0], batch.state[1], {}, batch.state[2],
           batch.learning_rate, spec_.beta1, spec_.beta2, weight_decay, spec_.eps,
           /*amsgrad=*/false, /*maximize=*/false, /*grad_scale=*/{},
           /*found_inf=*/batch.skip_if_any());
  }

  using Kernel = void (*)(at::TensorList, at::TensorList, at::TensorList, at::TensorList,
                          at::TensorList, at::TensorList, double, double, double, double, double,
                          bool, bool, const std::optional<at::Tensor>&,
                          const std::optional<at::Tensor>&);
  static constexpr Kernel kFusedAdam = at::_fused_adam_;
  static constexpr Kernel kFusedAdamW = at::_fused_adamw_;

  OptimizerSpec spec_;
  bool decoupled_;
};

}  // namespace

std::unique_ptr<Optimizer> make_adam(const OptimizerSpec& spec, bool decoupled) {
  return std::make_unique<Adam>(spec, decoupled);
}

}  // namespace kith::host
