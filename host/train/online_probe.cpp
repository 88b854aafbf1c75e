// SPDX-License-Identifier: Apache-2.0
#include "train/online_probe.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <kith/error.hpp>

namespace kith::host {
namespace {

Tap make_tap(Job& job, const FeatureChoice& choice) {
  auto* encoder = job.find_role(choice.role, choice.copy);
  return {encoder, job.output_index(encoder, choice.output)};
}

std::unique_ptr<Optimizer> make_adam_of(const OnlineProbeConfig& config) {
  OptimizerSpec spec;
  spec.kind = OptimizerKind::kAdam;
  spec.weight_decay = config.weight_decay;
  return make_optimizer(spec);
}

}  // namespace

OnlineProbe::OnlineProbe(const OnlineProbeConfig& config, const Assembly& assembly, Job& job)
    : job_(job),
      choice_(evaluated_features(assembly)),
      method_(assembly.method->metadata.id),
      base_lr_(config.base_lr),
      tap_(make_tap(job, choice_)),
      optimizer_(make_adam_of(config)) {
  if (!assembly.dataset->has_labels())
    throw ConfigError("online_probe: needs labels, and the data set in '" +
                      assembly.dataset->path().string() + "' has none; leave [online_probe] out");
  auto* encoder = job.find_role(choice_.role, choice_.copy);
  const auto width = job.output_width(encoder, job.output_index(encoder, choice_.output));
  const auto classes = static_cast<std::int64_t>(assembly.dataset->class_names().size());
  const auto options = at::TensorOptions(at::kFloat).device(job.settings().device);
  weight_ = at::zeros({classes, width}, options);
  bias_ = at::zeros({classes}, options);
  right_ = at::zeros({}, options.dtype(at::kDouble));
  loss_ = at::zeros_like(right_);
  rows_ = at::zeros_like(right_);
  ParameterTreatment no_decay;
  no_decay.decays = false;
  optimizer_->add_parameter("weight", weight_, {});
  optimizer_->add_parameter("bias", bias_, no_decay);
  job_.set_tap(&tap_);
}

OnlineProbe::~OnlineProbe() { job_.set_tap(nullptr); }

std::string OnlineProbe::whose() const {
  return "role '" + choice_.role + "'" +
         (choice_.copy.empty() ? "" : ", copy '" + choice_.copy + "'");
}

void OnlineProbe::begin_step() { tap_.arm(); }

at::Tensor OnlineProbe::features_of(const kith_step_s& batch) const {
  const auto n = batch.labels.size(0);
  if (!tap_.saw_call())
    throw ConfigError("online_probe: " + method_ + " does not call " + whose() +
                      " in a step; evaluate an encoder that it does call");
  if (!tap_.value().defined())
    throw ConfigError("online_probe: " + method_ + " does not ask " + whose() +
                      " for the output '" + choice_.output +
                      "'; evaluate an output that it does ask for");
  if (tap_.value().dim() != 2)
    throw ConfigError("online_probe: the output '" + choice_.output + "' of " + whose() +
                      " must be [N, D], got " + c10::str(tap_.value().sizes()) +
                      "; evaluate one that is");
  if (tap_.value().size(0) < n)
    throw ConfigError(fmt::format(
        "online_probe: the first call of {} in a step of {} must have a row for each of the {} "
        "images, got {}",
        whose(), method_, n, tap_.value().size(0)));
  return tap_.value().narrow(0, 0, n).to(at::kFloat);
}

void OnlineProbe::require_rows_of_a_view(const kith_step_s& batch) const {
  const auto rows = tap_.input().narrow(0, 0, batch.labels.size(0));
  for (const auto& view : batch.views)
    if (view.sizes() == rows.sizes() && view.scalar_type() == rows.scalar_type() &&
        at::equal(view, rows))
      return;
  throw ConfigError("online_probe: the first rows that " + method_ + " gives " + whose() +
                    " in a step must be the images of a view, in their order; they are of none, so "
                    "labels do not belong to them");
}

void OnlineProbe::learn(const kith_step_s& batch) {
  const at::NoGradGuard no_grad;
  const auto features = features_of(batch);  // [N, D]
  if (!checked_rows_) require_rows_of_a_view(batch);
  checked_rows_ = true;
  tap_.forget();

  const auto n = features.size(0);
  const auto logits = at::addmm(bias_, features, weight_.t());  // [N, classes]
  const auto log_softmax = at::log_softmax(logits, 1);
  const auto own = batch.labels.unsqueeze(1);  // [N, 1]
  right_ += (logits.argmax(1) == batch.labels).sum().to(at::kDouble);
  loss_ -= log_softmax.gather(1, own).sum().to(at::kDouble);
  rows_ += static_cast<double>(n);

  auto error = log_softmax.exp();  // [N, classes]
  error.scatter_add_(1, own, at::full_like(own, -1, error.options()));
  error /= static_cast<double>(n);
  weight_.mutable_grad() = error.t().matmul(features);
  bias_.mutable_grad() = error.sum(0);
  optimizer_->step(base_lr_, base_lr_);
  optimizer_->clear_gradients();
}

std::map<std::string, double> OnlineProbe::take_metrics() {
  const auto rows = rows_.item<double>();
  if (rows == 0) return {};
  std::map<std::string, double> metrics{{"online_probe_top1", right_.item<double>() / rows},
                                        {"online_probe_loss", loss_.item<double>() / rows}};
  for (auto* sum : {&right_, &loss_, &rows_}) sum->zero_();
  return metrics;
}

bool OnlineProbe::is_finite() const {
  return (weight_.isfinite().all() & bias_.isfinite().all()).item<bool>();
}

double OnlineProbe::top1(const at::Tensor& features, const at::Tensor& labels) const {
  const at::NoGradGuard no_grad;
  const auto logits = at::addmm(bias_.cpu(), features, weight_.cpu().t());
  return (logits.argmax(1) == labels).to(at::kDouble).mean().item<double>();
}

void OnlineProbe::for_each_state(
    const std::function<void(const std::string&, at::Tensor&)>& visit) {
  visit("weight", weight_);
  visit("bias", bias_);
  optimizer_->for_each_state(
      [&](const std::string& name, at::Tensor& t) { visit("optimizer/" + name, t); });
  // The log's next record may come after a resume.
  visit("right", right_);
  visit("loss", loss_);
  visit("rows", rows_);
}

std::unique_ptr<OnlineProbe> make_online_probe(const Assembly& assembly, Job& job) {
  const auto& config = assembly.experiment().online_probe;
  return config ? std::make_unique<OnlineProbe>(*config, assembly, job) : nullptr;
}

}  // namespace kith::host
