// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include "train/optimizer_state.h"

namespace kith::host {
namespace {

class AdamW : public Optimizer {
 public:
  explicit AdamW(const OptimizerConfig& config)
      : Optimizer({{"exp_avg", false}, {"exp_avg_sq", false}, {"step", /*is_count=*/true}}),
        config_(config) {}

 private:
  void update(Batch& batch) override {
    const double weight_decay = batch.treatment.decays ? config_.weight_decay : 0;
    at::_foreach_add_(batch.state[2], 1);
    at::_fused_adamw_(batch.parameters, batch.gradients, batch.state[0], batch.state[1],
                      /*max_exp_avg_sqs=*/{}, batch.state[2], batch.learning_rate, config_.beta1,
                      config_.beta2, weight_decay, config_.eps, /*amsgrad=*/false,
                      /*maximize=*/false);
  }

  OptimizerConfig config_;
};

}  // namespace

std::unique_ptr<Optimizer> make_adamw(const OptimizerConfig& config) {
  return std::make_unique<AdamW>(config);
}

}  // namespace kith::host
