// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <cstddef>

#include "train/adam_kernel.h"
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
  void update_one(const Batch& batch, std::size_t i) const override {
    auto& count = *batch.state[2][i].data_ptr<float>();
    count += 1;
    const AdamStep step{.number = count,
                        .rate = batch.learning_rate,
                        .beta1 = spec_.beta1,
                        .beta2 = spec_.beta2,
                        .eps = spec_.eps,
                        .decay = batch.decay_of(spec_),
                        .decoupled = decoupled_};
    take_step(step, batch.parameters[i], batch.gradients[i], batch.state[0][i], batch.state[1][i]);
  }

  void update_by_operators(Batch& batch) const override {
    at::_foreach_add_(batch.state[2], 1);
    if (batch.skip.defined())  // the operator leaves the counts alone
      at::_foreach_sub_(batch.state[2], std::vector<at::Tensor>(batch.state[2].size(), batch.skip));
    const auto fused = decoupled_ ? kFusedAdamW : kFusedAdam;
    fused(batch.parameters, batch.gradients, batch.state[0], batch.state[1], {}, batch.state[2],
          batch.learning_rate, spec_.beta1, spec_.beta2, batch.decay_of(spec_), spec_.eps,
          /*amsgrad=*/false, /*maximize=*/false, /*grad_scale=*/{},
          /*found_inf=*/batch.skip_if_any());
  }

  using Fused = void (*)(at::TensorList, at::TensorList, at::TensorList, at::TensorList,
                         at::TensorList, at::TensorList, double, double, double, double, double,
                         bool, bool, const std::optional<at::Tensor>&,
                         const std::optional<at::Tensor>&);
  static constexpr Fused kFusedAdam = at::_fused_adam_;
  static constexpr Fused kFusedAdamW = at::_fused_adamw_;

  OptimizerSpec spec_;
  bool decoupled_;
};

}  // namespace

std::unique_ptr<Optimizer> make_adam(const OptimizerSpec& spec, bool decoupled) {
  return std::make_unique<Adam>(spec, decoupled);
}

}  // namespace kith::host
