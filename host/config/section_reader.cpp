// SPDX-License-Identifier: Apache-2.0
#include "config/section_reader.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "config/number_text.h"
#include "config/setting_ranges.h"

namespace kith::host {

namespace {

const std::vector<std::string>& parameter_kinds() {
  static const std::vector<std::string> kinds(std::begin(kParameterKinds),
                                              std::end(kParameterKinds));
  return kinds;
}

std::vector<std::string> read_parameter_kinds(TableReader& table, const std::string& key,
                                              Problems& problems) {
  const ConfigNode* list = table.take_list(key, "a list of " + quoted_list(parameter_kinds()));
  if (list == nullptr) return {};
  std::vector<std::string> written;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const std::string path = join_keys(table.path_of(key), std::to_string(i));
    const std::optional<std::string> word =
        read_choice(list->items[i], path, parameter_kinds(), problems);
    if (!word) continue;
    if (std::find(written.begin(), written.end(), *word) != written.end()) {
      problems.add(path + ": \"" + *word + "\" is in the list twice", list->items[i].where);
    }
    written.push_back(*word);
  }
  std::vector<std::string> sorted;
  for (const std::string& kind : parameter_kinds()) {
    if (std::find(written.begin(), written.end(), kind) != written.end()) sorted.push_back(kind);
  }
  return sorted;
}

/// Warns of settings that were written and are not used by the kind.
template <class Kind, std::size_t N>
void warn_unused(const TableReader& table, const char* const (&keys)[N], Kind kind,
                 Problems& problems) {
  for (const char* key : keys) {
    if (table.has(key) && !uses(kind, key)) {
      problems.warn(table.path_of(key) + ": has no effect with kind = \"" + to_text(kind) + "\"",
                    table.place_of(key));
    }
  }
}

std::vector<std::int64_t> read_milestones(TableReader& table, std::optional<std::int64_t> epochs,
                                          Problems& problems) {
  const ConfigNode* list = table.take_list("milestones", "a list of epochs");
  if (list == nullptr) return {};
  std::vector<std::int64_t> milestones;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const ConfigNode& item = list->items[i];
    const std::string path = join_keys(table.path_of("milestones"), std::to_string(i));
    const std::optional<std::int64_t> value = read_integer(item, path, kCounts, problems);
    if (!value) continue;
    if (epochs && *value >= *epochs) {
      problems.add(path + ": must be below train.epochs, which is " + std::to_string(*epochs) +
                       ", got " + std::to_string(*value),
                   item.where);
    } else if (!milestones.empty() && *value <= milestones.back()) {
      problems.add(path + ": must be above the milestone before it, which is " +
                       std::to_string(milestones.back()) + ", got " + std::to_string(*value),
                   item.where);
    }
    milestones.push_back(*value);
  }
  return milestones;
}

std::vector<double> read_factors(TableReader& table, std::size_t milestones, Problems& problems) {
  const ConfigNode* list = table.take_list("factors", "a list of numbers in (0, 1]");
  if (list == nullptr) return {};
  std::vector<double> factors;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const std::string path = join_keys(table.path_of("factors"), std::to_string(i));
    if (const auto value = read_real(list->items[i], path, kFactors, problems))
      factors.push_back(*value);
  }
  if (list->items.size() != milestones) {
    problems.add("schedule.factors: must be as many as milestones, which are " +
                     std::to_string(milestones) + ", got " + std::to_string(list->items.size()),
                 list->where);
  }
  return factors;
}

}  // namespace

TrainConfig read_train(TableReader& root) {
  TableReader table = root.section("train");
  TrainConfig train;
  train.epochs = table.integer("epochs", kCounts, std::nullopt);
  train.batch_size = table.integer("batch_size", kBatchSizes, std::nullopt);
  train.precision = table.choice<Precision>("precision", kPrecisions, train.precision);
  train.channels_last = table.boolean("channels_last", train.channels_last);
  train.accumulation = table.integer("accumulation", kAccumulations, train.accumulation);
  train.clip_grad_norm = table.real("clip_grad_norm", kGradientNorms, train.clip_grad_norm);
  train.tensor_threads = table.integer_if_written("tensor_threads", kTensorThreads);
  train.loader_threads = table.integer_if_written("loader_threads", kLoaderThreads);
  train.log_every = table.integer("log_every", kCounts, train.log_every);
  train.checkpoint_every_epochs =
      table.integer("checkpoint_every_epochs", kCounts, train.checkpoint_every_epochs);
  train.keep_checkpoints = table.integer("keep_checkpoints", kCounts, train.keep_checkpoints);
  table.finish();
  return train;
}

GuardsConfig read_guards(TableReader& root) {
  TableReader table = root.section("guards");
  GuardsConfig guards;
  guards.fatal = table.boolean("fatal", guards.fatal);
  guards.every_steps = table.integer("every_steps", kCounts, guards.every_steps);
  table.finish();
  return guards;
}

std::optional<OnlineProbeConfig> read_online_probe(TableReader& root) {
  const bool written = root.has("online_probe");
  TableReader table = root.section("online_probe");
  OnlineProbeConfig probe;
  probe.base_lr = table.real("base_lr", kLearningRates, probe.base_lr);
  probe.weight_decay = table.real("weight_decay", kWeightDecays, probe.weight_decay);
  table.finish();
  return written ? std::optional(probe) : std::nullopt;
}

OptimizerConfig read_optimizer(TableReader& root, Problems& problems) {
  TableReader table = root.section("optimizer");
  OptimizerConfig read;
  read.kind = table.choice<OptimizerKind>("kind", kOptimizerKinds, std::nullopt);
  read.base_lr = table.real("base_lr", kLearningRates, std::nullopt);
  read.lr_rule = table.choice<LearningRateRule>("lr_rule", kLearningRateRules, read.lr_rule);
  read.weight_decay = table.real("weight_decay", kWeightDecays, read.weight_decay);
  read.sgd_momentum = table.real("sgd_momentum", kMomenta, read.sgd_momentum);
  read.nesterov = table.boolean("nesterov", read.nesterov);
  read.beta1 = table.real("beta1", kMomenta, read.beta1);
  read.beta2 = table.real("beta2", kMomenta, read.beta2);
  read.eps = table.real("eps", kEpsilons, read.eps);
  read.trust = table.real("trust", kTrusts, read.trust);
  read.form = table.choice<LarsForm>("form", kLarsForms, read.form);
  read.clip = table.boolean("clip", read.clip);
  read.no_decay = read_parameter_kinds(table, "no_decay", problems);
  read.no_adaptation = read_parameter_kinds(table, "no_adaptation", problems);
  table.finish();

  static constexpr const char* kKeys[] = {"sgd_momentum", "nesterov", "beta1",
                                          "beta2",        "eps",      "trust",
                                          "form",         "clip",     "no_adaptation"};
  if (table.has("kind")) warn_unused(table, kKeys, read.kind, problems);
  const auto keep = [&read](const char* key, auto& value, const auto& fallback) {
    if (!uses(read.kind, key)) value = fallback;
  };
  const OptimizerConfig defaults;
  keep("sgd_momentum", read.sgd_momentum, defaults.sgd_momentum);
  keep("nesterov", read.nesterov, defaults.nesterov);
  keep("beta1", read.beta1, defaults.beta1);
  keep("beta2", read.beta2, defaults.beta2);
  keep("eps", read.eps, defaults.eps);
  keep("trust", read.trust, defaults.trust);
  keep("form", read.form, defaults.form);
  keep("clip", read.clip, defaults.clip);
  keep("no_adaptation", read.no_adaptation, defaults.no_adaptation);
  if (read.nesterov && read.sgd_momentum == 0) {
    problems.add("optimizer.nesterov: needs sgd_momentum > 0, got 0", table.place_of("nesterov"));
  }
  return read;
}

ScheduleConfig read_schedule(TableReader& root, std::optional<std::int64_t> epochs,
                             Problems& problems) {
  TableReader table = root.section("schedule");
  ScheduleConfig read;
  read.kind = table.choice<ScheduleKind>("kind", kScheduleKinds, read.kind);
  read.warmup_epochs = table.real("warmup_epochs", kWarmups, read.warmup_epochs);
  read.warmup_start_lr = table.real("warmup_start_lr", kLearningRates, read.warmup_start_lr);
  read.warmup_reaches_peak = table.boolean("warmup_reaches_peak", read.warmup_reaches_peak);
  read.end_lr = table.real("end_lr", kLearningRates, read.end_lr);
  read.every = table.choice<RateChange>("every", kRateChanges, read.every);
  read.milestones = read_milestones(table, epochs, problems);
  read.factor = table.real("factor", kFactors, read.factor);
  read.factors = read_factors(table, read.milestones.size(), problems);
  table.finish();

  static constexpr const char* kKeys[] = {"end_lr", "every", "milestones", "factor", "factors"};
  warn_unused(table, kKeys, read.kind, problems);
  const ScheduleConfig defaults;
  if (!uses(read.kind, "end_lr")) read.end_lr = defaults.end_lr;
  if (!uses(read.kind, "every")) read.every = defaults.every;
  if (!uses(read.kind, "milestones")) read.milestones.clear();
  if (!uses(read.kind, "factor")) read.factor = defaults.factor;
  if (!uses(read.kind, "factors")) read.factors.clear();
  if (epochs && read.warmup_epochs > static_cast<double>(*epochs)) {
    problems.add("schedule.warmup_epochs: must be at most train.epochs, which is " +
                     std::to_string(*epochs) + ", got " + number_text(read.warmup_epochs),
                 table.place_of("warmup_epochs"));
  }
  if (read.kind == ScheduleKind::kStep && read.milestones.empty() && !table.has("milestones")) {
    table.add_missing("milestones", "a list of epochs, as kind = \"step\" needs it");
  }
  return read;
}

bool uses(OptimizerKind kind, std::string_view key) {
  const bool adam = kind == OptimizerKind::kAdam || kind == OptimizerKind::kAdamW;
  const bool lars = kind == OptimizerKind::kLars, larc = kind == OptimizerKind::kLarc;
  if (key == "sgd_momentum") return !adam;
  if (key == "nesterov") return lars || kind == OptimizerKind::kSgd;
  if (key == "beta1" || key == "beta2") return adam;
  if (key == "eps") return adam || larc;
  if (key == "trust" || key == "no_adaptation") return lars || larc;
  if (key == "form") return lars;
  if (key == "clip") return larc;
  return true;
}

bool uses(ScheduleKind kind, std::string_view key) {
  if (key == "end_lr" || key == "every")
    return kind == ScheduleKind::kCosine || kind == ScheduleKind::kLinear;
  if (key == "milestones" || key == "factor" || key == "factors")
    return kind == ScheduleKind::kStep;
  return true;
}

}  // namespace kith::host
