// SPDX-License-Identifier: Apache-2.0
#include "train/training_step.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <kith/error.hpp>
#include <mutex>

#include "tensor/autocast.h"
#include "tensor/border.h"
#include "train/device.h"
#include "train/gradient_average.h"
#include "train/gradient_clip.h"

namespace kith::host {
namespace {

/// LibTorch's own generators; on a CPU the one that is there, as at::manual_seed asks every kind of
/// device whether it is.
void seed_generators(at::Device device, std::uint64_t seed) {
  if (!device.is_cpu()) return at::manual_seed(seed);
  auto generator = at::globalContext().defaultGenerator(at::kCPU);
  const std::lock_guard lock(generator.mutex());
  generator.set_current_seed(seed);
}

}  // namespace

OptimizerSpec optimizer_spec(const OptimizerConfig& c) {
  OptimizerSpec spec;
  spec.kind = c.kind;
  spec.weight_decay = c.weight_decay;
  spec.sgd_momentum = c.sgd_momentum;
  spec.nesterov = c.nesterov;
  spec.beta1 = c.beta1;
  spec.beta2 = c.beta2;
  spec.eps = c.eps;
  spec.trust = c.trust;
  spec.lars_form = c.form;
  spec.clip = c.clip;
  return spec;
}

double peak_learning_rate(const OptimizerConfig& c, std::int64_t batch_size) {
  const auto images = static_cast<double>(batch_size);
  switch (c.lr_rule) {
    case LearningRateRule::kNone:
      return c.base_lr;
    case LearningRateRule::kLinear:
      return c.base_lr * images / 256;
    case LearningRateRule::kSqrt:
      return c.base_lr * std::sqrt(images);
  }
  return c.base_lr;
}

ScheduleSpec schedule_spec(const ScheduleConfig& c) {
  ScheduleSpec spec;
  spec.kind = c.kind;
  spec.warmup_epochs = c.warmup_epochs;
  spec.warmup_start_lr = c.warmup_start_lr;
  spec.warmup_reaches_peak = c.warmup_reaches_peak;
  spec.end_lr = c.end_lr;
  spec.every = c.every;
  spec.milestones.assign(c.milestones.begin(), c.milestones.end());
  spec.factor = c.factor;
  spec.factors = c.factors;
  return spec;
}

TrainingStep::TrainingStep(Job& job, const Experiment& experiment, std::int64_t steps_per_epoch)
    : job_(job),
      train_(experiment.train),
      base_lr_(peak_learning_rate(experiment.optimizer, experiment.train.batch_size)),
      schedule_(schedule_spec(experiment.schedule)),
      optimizer_(make_optimizer(optimizer_spec(experiment.optimizer))),
      steps_(steps_per_epoch * experiment.train.epochs),
      steps_per_epoch_(steps_per_epoch) {
  check_schedule(schedule_, steps_, steps_per_epoch_);
  const ParameterExemptions exemptions{experiment.optimizer.no_decay,
                                       experiment.optimizer.no_adaptation};
  for (auto& p : job_.state().parameters()) {
    if (p.is_copy) continue;
    if (train_.channels_last && p.value.dim() == 4) {
      const at::NoGradGuard no_grad;
      p.value.set_data(p.value.contiguous(at::MemoryFormat::ChannelsLast));
    }
    auto treatment = treatment_of(p.kind, exemptions);
    treatment.lr_factor = p.lr_factor;
    treatment.constant_lr = p.constant_lr;
    optimizer_->add_parameter(p.name, p.value, treatment);
  }
  set_progress(0);
}

void TrainingStep::set_progress(std::int64_t step) {
  auto& p = job_.progress();
  p.step = step;
  p.steps = steps_;
  p.steps_per_epoch = steps_per_epoch_;
  p.epoch = step / steps_per_epoch_;
  p.epochs = train_.epochs;
}

void TrainingStep::seed(std::int64_t step) {
  seed_generators(job_.settings().device, job_.settings().seed * 0x9E3779B97F4A7C15U +
                                              static_cast<std::uint64_t>(step) * 0x10001U +
                                              static_cast<std::uint64_t>(job_.ranks().rank()));
}

void TrainingStep::finite_only() {
  finite_.emplace(job_.settings().device.is_cpu() ? FiniteWatch::Reading::kEachStep
                                                  : FiniteWatch::Reading::kWhenAsked);
}

double TrainingStep::learning_rate_at(std::int64_t step) const {
  return learning_rate(schedule_, base_lr_, step, steps_, steps_per_epoch_);
}

at::Tensor TrainingStep::forward(kith_step_s& batch) {
  const Autocast autocast(job_.settings().device.type(), train_.precision == Precision::kBf16,
                          at::kBFloat16);
  return job_.method_step(batch);
}

void TrainingStep::backward(const at::Tensor& loss, std::int64_t step) {
  try {
    loss.backward();
  } catch (...) {
    const auto& id = job_.method_plugin()->metadata.id;
    record_current_exception("");
    std::int32_t kind = KITH_ERROR_GENERAL;
    auto text = to_string(host_table()->error(&kind));
    if (const auto own = id + ": backward: "; text.starts_with(own)) text.erase(0, own.size());
    set_border_error(kind, text);
    raise_border_error(id + ": backward (step " + std::to_string(step) + ")");
  }
}

void TrainingStep::freeze(std::int64_t step) {
  const auto epoch = static_cast<double>(step / steps_per_epoch_);
  for (const auto& p : job_.state().parameters()) {
    if (p.is_copy || (p.frozen_until_step <= 0 && p.frozen_until_epoch <= 0)) continue;
    optimizer_->set_frozen(
        p.name, static_cast<double>(step) < p.frozen_until_step || epoch < p.frozen_until_epoch);
  }
}

void TrainingStep::clamp() {
  const at::NoGradGuard no_grad;
  for (const auto& p : job_.state().parameters()) {
    if (p.clamp_min) p.value.clamp_min_(*p.clamp_min);
    if (p.clamp_max) p.value.clamp_max_(*p.clamp_max);
  }
}

at::Tensor TrainingStep::run(kith_step_s& batch, std::int64_t step) {
  const Tf32Convolutions tf32(train_.precision == Precision::kTf32);
  set_progress(step);
  job_.set_training(true);
  seed(step);
  if (step % steps_per_epoch_ == 0) job_.method_begin_epoch();
  job_.move_copies(KITH_MOVE_BEFORE_STEP);
  optimizer_->clear_gradients();
  auto loss = forward(batch);
  const auto who = job_.method_plugin()->metadata.id + ": step (step " + std::to_string(step) + ")";
  job_.state().require_declared_shapes(who);
  if (!loss.requires_grad())
    throw PluginError(who + ": the loss has no gradient; is everything detached?");
  backward(loss, step);
  average_gradients(optimizer_->trained_parameters(), job_.ranks());
  job_.method_after_backward(batch);
  freeze(step);
  const auto rate = learning_rate_at(step);
  if (finite_)
    finite_->see(loss, optimizer_->trained_names(), optimizer_->trained_parameters(), step, rate);
  if (train_.clip_grad_norm > 0)
    gradient_norm_ = clip_gradient_norm(optimizer_->trained_parameters(), train_.clip_grad_norm);
  optimizer_->step(rate, base_lr_, finite_ ? finite_->skip() : at::Tensor());
  job_.move_copies(KITH_MOVE_AFTER_OPTIMIZER);
  clamp();
  job_.method_after_optimizer(batch);
  job_.state().require_declared_shapes(who);
  return loss.detach();
}

}  // namespace kith::host
