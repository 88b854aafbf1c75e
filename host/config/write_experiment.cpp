// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "config/data_section.h"
#include "config/load_experiment.h"
#include "config/number_text.h"
#include "config/section_reader.h"
#include "config/toml_writer.h"

namespace kith::host {

namespace {

const char* toml_boolean(bool value) { return value ? "true" : "false"; }

/// The lines of one table.
class TableText {
 public:
  explicit TableText(const std::string& header) : text_(header + "\n") {}

  void raw(const std::string& key, const std::string& value) {
    text_ += toml_key(key) + " = " + value + "\n";
  }
  void text(const std::string& key, std::string_view value) { raw(key, toml_string(value)); }
  void integer(const std::string& key, std::int64_t value) { raw(key, std::to_string(value)); }
  void real(const std::string& key, double value) { raw(key, toml_float(value)); }
  void boolean(const std::string& key, bool value) { raw(key, toml_boolean(value)); }
  void lines(const std::string& lines) { text_ += lines; }

  /// Followed by an empty line.
  std::string str() const { return text_ + "\n"; }

 private:
  std::string text_;
};

std::string data_text(const DataConfig& data) {
  TableText table("[data]");
  table.text("reader", to_text(data.reader));
  const auto folder = [&](const char* key, const std::filesystem::path& path) {
    if (!path.empty()) table.text(key, path.string());
  };
  folder("path", data.path);
  folder("train_path", data.train_path);
  folder("val_path", data.val_path);
  folder("test_path", data.test_path);
  if (uses(data.reader, "labels")) table.text("labels", to_text(data.labels));
  if (uses(data.reader, "apply_orientation"))
    table.boolean("apply_orientation", data.apply_orientation);
  if (uses(data.reader, "on_damaged")) table.text("on_damaged", to_text(data.on_damaged));
  table.real("val_fraction", data.val_fraction);
  if (data.train_images) table.integer("train_images", *data.train_images);
  table.boolean("read_test", data.read_test);
  if (data.sha256.empty()) return table.str();
  TableText hashes("[data.sha256]");
  for (const auto& [file, hash] : data.sha256) hashes.text(file, hash);
  return table.str() + hashes.str();
}

std::string roles_text(const std::vector<RoleConfig>& roles) {
  std::string text;
  for (const RoleConfig& role : roles) {
    const bool only = roles.size() == 1 && role.name == "encoder";
    TableText table(only ? "[encoder]" : "[encoder." + toml_key(role.name) + "]");
    table.lines(toml_plugin_lines(role.plugin));
    text += table.str();
  }
  return text;
}

std::string augment_text(const std::vector<PluginUse>& augment) {
  if (augment.empty()) return "[]";
  std::string text = "[\n";
  for (const PluginUse& use : augment) text += "  " + toml_inline_plugin(use, true) + ",\n";
  return text + "]";
}

std::string view_text(const ViewConfig& view) {
  TableText table("[[views]]");
  table.integer("count", view.count);
  table.integer("size", view.size);
  table.text("arithmetic", to_text(view.arithmetic));
  table.raw("augment", augment_text(view.augment));
  return table.str();
}

std::string eval_view_text(const EvalViewConfig& view) {
  TableText table("[eval_view]");
  table.integer("size", view.size);
  table.integer("resize", view.resize);
  table.text("arithmetic", to_text(view.arithmetic));
  table.raw("augment", augment_text(view.augment));
  return table.str();
}

std::string train_text(const TrainConfig& train) {
  TableText table("[train]");
  table.integer("epochs", train.epochs);
  table.integer("batch_size", train.batch_size);
  table.text("precision", to_text(train.precision));
  table.boolean("channels_last", train.channels_last);
  table.integer("accumulation", train.accumulation);
  table.real("clip_grad_norm", train.clip_grad_norm);
  if (train.tensor_threads) table.integer("tensor_threads", *train.tensor_threads);
  if (train.loader_threads) table.integer("loader_threads", *train.loader_threads);
  table.integer("log_every", train.log_every);
  table.integer("checkpoint_every_epochs", train.checkpoint_every_epochs);
  table.integer("keep_checkpoints", train.keep_checkpoints);
  return table.str();
}

std::string guards_text(const GuardsConfig& guards) {
  TableText table("[guards]");
  table.boolean("fatal", guards.fatal);
  table.integer("every_steps", guards.every_steps);
  return table.str();
}

std::string online_probe_text(const OnlineProbeConfig& probe) {
  TableText table("[online_probe]");
  table.real("base_lr", probe.base_lr);
  table.real("weight_decay", probe.weight_decay);
  return table.str();
}

std::string optimizer_text(const OptimizerConfig& optimizer) {
  const auto used = [&](const char* key) { return uses(optimizer.kind, key); };
  TableText table("[optimizer]");
  table.text("kind", to_text(optimizer.kind));
  table.real("base_lr", optimizer.base_lr);
  table.text("lr_rule", to_text(optimizer.lr_rule));
  table.real("weight_decay", optimizer.weight_decay);
  if (used("sgd_momentum")) table.real("sgd_momentum", optimizer.sgd_momentum);
  if (used("nesterov")) table.boolean("nesterov", optimizer.nesterov);
  if (used("beta1")) table.real("beta1", optimizer.beta1);
  if (used("beta2")) table.real("beta2", optimizer.beta2);
  if (used("eps")) table.real("eps", optimizer.eps);
  if (used("trust")) table.real("trust", optimizer.trust);
  if (used("form")) table.text("form", to_text(optimizer.form));
  if (used("clip")) table.boolean("clip", optimizer.clip);
  table.raw("no_decay", toml_strings(optimizer.no_decay));
  if (used("no_adaptation")) table.raw("no_adaptation", toml_strings(optimizer.no_adaptation));
  return table.str();
}

std::string schedule_text(const ScheduleConfig& schedule) {
  const auto used = [&](const char* key) { return uses(schedule.kind, key); };
  TableText table("[schedule]");
  table.text("kind", to_text(schedule.kind));
  table.real("warmup_epochs", schedule.warmup_epochs);
  table.real("warmup_start_lr", schedule.warmup_start_lr);
  table.boolean("warmup_reaches_peak", schedule.warmup_reaches_peak);
  if (used("end_lr")) table.real("end_lr", schedule.end_lr);
  // Only where it is not the default: the ids of sweep cells are made of this text.
  if (schedule.every != ScheduleConfig().every) table.text("every", to_text(schedule.every));
  if (used("milestones")) table.raw("milestones", toml_integers(schedule.milestones));
  if (used("factor")) table.real("factor", schedule.factor);
  if (!schedule.factors.empty()) table.raw("factors", toml_floats(schedule.factors));
  return table.str();
}

std::string evaluation_text(const EvaluationConfig& evaluation) {
  TableText table("[[evaluation]]");
  table.lines(toml_plugin_lines(evaluation.plugin));
  table.integer("every_epochs", evaluation.every_epochs);
  const std::string pixels = to_text(evaluation.pixels);
  table.raw("pixels", evaluation.pixels == PixelRows::kAuto ? toml_string(pixels) : pixels);
  table.text("role", evaluation.role);
  table.text("output", evaluation.output);
  table.text("copy", evaluation.copy);
  if (!evaluation.head.empty()) table.text("head", evaluation.head);
  if (!evaluation.bank.empty()) table.text("bank", evaluation.bank);
  if (evaluation.augment) table.raw("augment", augment_text(*evaluation.augment));
  return table.str();
}

}  // namespace

std::string to_resolved_toml(const ResolvedExperiment& resolved) {
  const Experiment& experiment = resolved.experiment;
  std::string text = "name = " + toml_string(experiment.name) + "\n";
  text += "seed = " + std::to_string(experiment.seed) + "\n\n";
  text += data_text(experiment.data) + roles_text(experiment.roles);
  TableText method("[method]");
  method.lines(toml_plugin_lines(experiment.method));
  text += method.str();
  for (const ViewConfig& view : experiment.views) text += view_text(view);
  text += eval_view_text(experiment.eval_view);
  text += train_text(experiment.train);
  text += guards_text(experiment.guards);
  if (experiment.online_probe) text += online_probe_text(*experiment.online_probe);
  text += optimizer_text(experiment.optimizer);
  text += schedule_text(experiment.schedule);
  for (const EvaluationConfig& each : experiment.evaluations) text += evaluation_text(each);
  text.pop_back();  // the empty line after the last table
  return text;
}

}  // namespace kith::host
