// SPDX-License-Identifier: Apache-2.0
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include "cli/commands.h"
#include "train/dry_run.h"
#include "train/threads.h"

namespace kith::host {
namespace {

std::string bytes_text(std::int64_t bytes) {
  if (bytes >= 10'000'000'000) return fmt::format("{:.0f} GB", static_cast<double>(bytes) / 1e9);
  if (bytes >= 1'000'000) return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
  return fmt::format("{:.1f} kB", static_cast<double>(bytes) / 1e3);
}

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

void print_plan(const Assembly& a, const DryRunReport& r) {
  const auto& train = a.experiment().train;
  fmt::print("\nshapes\n");
  for (std::size_t i = 0; i < r.views.size(); ++i) fmt::print("  view {:<27} {}\n", i, r.views[i]);
  fmt::print("  {:<32} {}\n", "evaluated features", r.features);
  fmt::print("\ndata\n");
  for (const auto split : {Split::kTrain, Split::kVal, Split::kTest})
    fmt::print("  {:<32} {} images{}\n", split_name(split), a.dataset->size(split),
               a.dataset->size(split) == 0 || a.reads(split) ? "" : ", not read");
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
