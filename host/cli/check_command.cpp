// SPDX-License-Identifier: Apache-2.0
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>

#include "cli/bytes_text.h"
#include "cli/commands.h"
#include "train/dry_run.h"
#include "train/threads.h"

namespace kith::host {
namespace {

void print_plugins(const PluginShelf& shelf) {
  fmt::print("\nplugins\n");
  for (const auto& [id, record] : shelf.used())
    fmt::print("  {:<32} {:<10} {}\n", id, record->metadata.version, record->path.string());
}

void print_networks(const DryRunReport& r) {
  fmt::print("\nnetworks (trained parameters)\n");
  for (const auto& n : r.networks) fmt::print("  {:<32} {}\n", n.name, n.parameters);
  fmt::print("\noptimiser's groups\n");
  for (const auto& g : r.groups) {
    fmt::print("  {}: {} tensors\n", describe(g.treatment), g.names.size());
    for (const auto& name : g.names) fmt::print("    {}\n", name);
  }
}

/// "100 images of train, 25 of each class"
std::string trained_text(const Assembly& a) {
  auto text = fmt::format("{} images of train", a.trained.size());
  if (!a.dataset->has_labels()) return text;
  std::map<std::int64_t, std::int64_t> counts;
  for (const auto index : a.trained) ++counts[a.dataset->label(Split::kTrain, index)];
  std::int64_t least = counts.size() < a.dataset->class_names().size() ? 0 : a.train_images();
  std::int64_t most = 0;
  for (const auto& [label, count] : counts) {
    least = std::min(least, count);
    most = std::max(most, count);
  }
  return text + (least == most ? fmt::format(", {} of each class", most)
                               : fmt::format(", {} to {} of each class", least, most));
}

void print_plan(const Assembly& a, const DryRunReport& r) {
  const auto& train = a.experiment().train;
  fmt::print("\nshapes\n");
  for (std::size_t i = 0; i < r.views.size(); ++i) fmt::print("  view {:<27} {}\n", i, r.views[i]);
  fmt::print("  {:<32} {}\n", "evaluated features", r.features);
  fmt::print("\ndata\n");
  for (const auto split : {Split::kTrain, Split::kVal, Split::kTest})
    fmt::print("  {:<32} {} images{}\n", split_name(split), a.dataset->size(split),
               a.dataset->size(split) == 0 || a.reads(split) ? "" : ", not read");
  if (!a.trained.empty()) fmt::print("  {:<32} {}\n", "trained on", trained_text(a));
  fmt::print("  {}\n", a.dataset->val_rule());
  if (!a.dataset->left_out().empty())
    fmt::print("  {:<32} {} of train and val, which do not decode\n", "left out",
               a.dataset->left_out().size());
  if (!a.measured.empty()) fmt::print("  {}\n", a.measured);
  fmt::print("\nsteps\n  {:<32} {} x {} = {}\n", "epochs x steps", train.epochs,
             a.steps_per_epoch(), train.epochs * a.steps_per_epoch());
  fmt::print("\ndisk\n  {:<32} {} each, {} kept\n", "checkpoints", bytes_text(r.checkpoint_bytes),
             train.keep_checkpoints);
  fmt::print("  {:<32} {}\n", "features in run.h5", bytes_text(r.feature_bytes));
}

}  // namespace

int check_command(const RunArguments& arguments) {
  const std::filesystem::path file(arguments.experiment);
  PluginShelf shelf(arguments.plugins.empty() ? std::filesystem::absolute(file).parent_path()
                                              : std::filesystem::absolute(arguments.plugins));
  auto resolved = load_experiment(file, arguments.set, shelf);
  for (const auto& warning : resolved.warnings) fmt::print("warning: {}\n", warning);
  resolve_threads(resolved.experiment.train, false);
  at::set_num_threads(static_cast<int>(usable_cores()));
  const auto assembly = assemble(std::move(resolved), shelf);
  for (const auto& text : left_out(assembly)) fmt::print("warning: {}\n", text);
  const auto report = dry_run(assembly);
  for (const auto& text : report.warnings) fmt::print("warning: {}\n", text);
  fmt::print("{}", assembly.resolved_toml);
  print_plugins(shelf);
  print_networks(report);
  print_plan(assembly, report);
  fmt::print("\n{}: one step on zeros went through; this experiment can run\n",
             assembly.experiment().name);
  return kExitOk;
}

int schema_command() {
  const PluginShelf shelf(std::filesystem::path{});
  fmt::print("{}\n", experiment_schema(shelf));
  return kExitOk;
}

}  // namespace kith::host
