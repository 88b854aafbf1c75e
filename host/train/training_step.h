// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>

#include "config/experiment.h"
#include "guards/finite_watch.h"
#include "model/job.h"
#include "train/optimizer.h"
#include "train/schedule.h"

namespace kith::host {

/// The optimiser and the schedule of an experiment's tables.
OptimizerSpec optimizer_spec(const OptimizerConfig& config);
/// The learning rate that the schedule starts from: base_lr by lr_rule.
double peak_learning_rate(const OptimizerConfig& config, std::int64_t batch_size);
ScheduleSpec schedule_spec(const ScheduleConfig& config);

/// One optimiser step after the other on a job's parameters. [train thread]
class TrainingStep {
 public:
  /// Adds the trained parameters of the job to an optimiser. @throws ConfigError on settings that
  /// do not fit.
  TrainingStep(Job& job, const Experiment& experiment, std::int64_t steps_per_epoch);

  /// Forward, backward, clipping, optimiser, copies. `step`: of the whole run, from 0.
  ///
  /// The order is fixed: copies that move before the step, the method's step, backward,
  /// the mean of the gradients over ranks, after_backward, clipping, the optimiser, copies that
  /// move after it, clamps, after_optimizer.
  /// @returns the loss, 0-d, not read back. @throws PluginError if it has no gradient;
  /// kith::Error, where finite_only was called, before anything moves if loss or gradient is not
  /// finite (on a GPU this may be told by a later require_finite).
  at::Tensor run(kith_step_s& batch, std::int64_t step);

  /// From now on a loss or a gradient that is not finite is an error, and no optimiser's step is
  /// made of it.
  void finite_only();
  /// Reads what is not known yet, on a GPU. @throws kith::Error if a step was not finite.
  void require_finite() {
    if (finite_) finite_->require();
  }

  /// The learning rate that `run` uses at a step.
  double learning_rate_at(std::int64_t step) const;
  /// The norm of the gradient before clipping at the last step; undefined without clipping.
  const at::Tensor& gradient_norm() const { return gradient_norm_; }
  Optimizer& optimizer() { return *optimizer_; }
  std::int64_t steps() const { return steps_; }
  std::int64_t steps_per_epoch() const { return steps_per_epoch_; }
  void set_progress(std::int64_t step);
  /// LibTorch's own generators, for operators that draw from them.
  void seed(std::int64_t step);

 private:
  at::Tensor forward(kith_step_s& batch);
  void backward(const at::Tensor& loss, std::int64_t step);
  void freeze(std::int64_t step);
  void clamp();

  Job& job_;
  TrainConfig train_;
  double base_lr_;
  ScheduleSpec schedule_;
  std::unique_ptr<Optimizer> optimizer_;
  std::int64_t steps_, steps_per_epoch_;
  at::Tensor gradient_norm_;
  std::optional<FiniteWatch> finite_;
};

}  // namespace kith::host
