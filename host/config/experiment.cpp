// SPDX-License-Identifier: Apache-2.0
#include "config/experiment.h"

#include <algorithm>
#include <tuple>

#include "config/enum_names.h"

namespace kith::host {

namespace {

template <class E, std::size_t N>
const char* word_of(const EnumName<E> (&names)[N], E value) {
  for (const EnumName<E>& name : names) {
    if (name.value == value) return name.text;
  }
  return "";
}

bool same_plugins(const std::vector<PluginUse>& a, const std::vector<PluginUse>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const PluginUse& x, const PluginUse& y) { return same_settings(x, y); });
}

auto fields(const DataConfig& c) {
  return std::tie(c.reader, c.path, c.train_path, c.val_path, c.test_path, c.labels,
                  c.apply_orientation, c.on_damaged, c.val_fraction, c.train_images, c.read_test,
                  c.sha256);
}

auto fields(const TrainConfig& c) {
  return std::tie(c.epochs, c.batch_size, c.precision, c.channels_last, c.accumulation,
                  c.clip_grad_norm, c.tensor_threads, c.loader_threads, c.log_every,
                  c.checkpoint_every_epochs, c.keep_checkpoints);
}

auto fields(const GuardsConfig& c) { return std::tie(c.fatal, c.every_steps); }

bool same_probe(const std::optional<OnlineProbeConfig>& a,
                const std::optional<OnlineProbeConfig>& b) {
  return a.has_value() == b.has_value() &&
         (!a || (a->base_lr == b->base_lr && a->weight_decay == b->weight_decay));
}

auto fields(const OptimizerConfig& c) {
  return std::tie(c.kind, c.base_lr, c.lr_rule, c.weight_decay, c.sgd_momentum, c.nesterov, c.beta1,
                  c.beta2, c.eps, c.trust, c.form, c.clip, c.no_decay, c.no_adaptation);
}

auto fields(const ScheduleConfig& c) {
  return std::tie(c.kind, c.warmup_epochs, c.warmup_start_lr, c.warmup_reaches_peak, c.end_lr,
                  c.every, c.milestones, c.factor, c.factors);
}

bool same_role(const RoleConfig& a, const RoleConfig& b) {
  return a.name == b.name && same_settings(a.plugin, b.plugin);
}

bool same_view(const ViewConfig& a, const ViewConfig& b) {
  return a.count == b.count && a.size == b.size && a.arithmetic == b.arithmetic &&
         same_plugins(a.augment, b.augment);
}

bool same_view(const EvalViewConfig& a, const EvalViewConfig& b) {
  return a.size == b.size && a.resize == b.resize && a.arithmetic == b.arithmetic &&
         same_plugins(a.augment, b.augment);
}

bool same_evaluation(const EvaluationConfig& a, const EvaluationConfig& b) {
  return same_settings(a.plugin, b.plugin) && a.every_epochs == b.every_epochs &&
         a.augment.has_value() == b.augment.has_value() &&
         (!a.augment || same_plugins(*a.augment, *b.augment)) && a.pixels == b.pixels &&
         a.role == b.role && a.output == b.output && a.copy == b.copy && a.head == b.head &&
         a.bank == b.bank;
}

}  // namespace

const char* to_text(DataReader value) { return word_of(kDataReaders, value); }
const char* to_text(CifarLabels value) { return word_of(kCifarLabels, value); }
const char* to_text(OnDamaged value) { return word_of(kOnDamaged, value); }
const char* to_text(Arithmetic value) { return word_of(kArithmetics, value); }
const char* to_text(Precision value) { return word_of(kPrecisions, value); }
const char* to_text(OptimizerKind value) { return word_of(kOptimizerKinds, value); }
const char* to_text(LearningRateRule value) { return word_of(kLearningRateRules, value); }
const char* to_text(LarsForm value) { return word_of(kLarsForms, value); }
const char* to_text(ScheduleKind value) { return word_of(kScheduleKinds, value); }
const char* to_text(RateChange value) { return word_of(kRateChanges, value); }

const char* to_text(PixelRows value) {
  if (value == PixelRows::kAuto) return "auto";
  return value == PixelRows::kOn ? "true" : "false";
}

bool same_images(const DataConfig& a, const DataConfig& b) {
  auto one = a, other = b;
  one.train_images = other.train_images = std::nullopt;
  return fields(one) == fields(other);
}

bool same_settings(const Experiment& a, const Experiment& b) {
  return a.name == b.name && a.seed == b.seed && fields(a.data) == fields(b.data) &&
         std::equal(a.roles.begin(), a.roles.end(), b.roles.begin(), b.roles.end(), same_role) &&
         same_settings(a.method, b.method) &&
         std::equal(a.views.begin(), a.views.end(), b.views.begin(), b.views.end(),
                    [](const ViewConfig& x, const ViewConfig& y) { return same_view(x, y); }) &&
         same_view(a.eval_view, b.eval_view) && fields(a.train) == fields(b.train) &&
         fields(a.guards) == fields(b.guards) && same_probe(a.online_probe, b.online_probe) &&
         fields(a.optimizer) == fields(b.optimizer) && fields(a.schedule) == fields(b.schedule) &&
         std::equal(a.evaluations.begin(), a.evaluations.end(), b.evaluations.begin(),
                    b.evaluations.end(), same_evaluation);
}

}  // namespace kith::host
