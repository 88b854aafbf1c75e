// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <cstddef>

#include "train/adam_kernel.h"
#include "train/number_walk.h"
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
    if (has_kernels(batch.parameters.front())) return update_by_kernel(batch, weight_decay);
    at::_foreach_add_(batch.state[2], 1);
    if (batch.skip.defined())  // the kernel leaves the counts alone
      at::_foreach_sub_(batch.state[2], std::vector<at::Tensor>(batch.state[2].size(), batch.skip));
    const auto kernel = decoupled_ ? kFusedAdamW : kFusedAdam;
    kernel(batch.parameters, batch.gradients, batch.state[0], batch.state[1], {}, batch.state[2],
           batch.learning_rate, spec_.beta1, spec_.beta2, weight_decay, spec_.eps,
           /*amsgrad=*/false, /*maximize=*/false, /*grad_scale=*/{},
           /*found_inf=*/batch.skip_if_any());
  }

  void update_by_kernel(Batch& batch, double weight_decay) const {
    if (batch.is_skipped_on_cpu()) return;
    const AdamStep step{.rate = batch.learning_rate,
                        .beta1 = spec_.beta1,
                        .beta2 = spec_.beta2,
                        .eps = spec_.eps,
                        .decay = weight_decay,
                        .decoupled = decoupled_};
    for (std::size_t i = 0; i < batch.parameters.size(); ++i) {
      auto& count = *batch.state[2][i].data_ptr<float>();
      count += 1;
      take_step(step, count, batch.parameters[i], batch.gradients[i], batch.state[0][i],
                batch.state[1][i]);
    }
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
