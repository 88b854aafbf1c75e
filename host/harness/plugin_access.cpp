// SPDX-License-Identifier: Apache-2.0
#include "harness/plugin_access.h"

#include <atomic>
#include <kith/error.hpp>
#include <mutex>

#include "config/parse_document.h"
#include "config/plugin_reader.h"
#include "config/section_reader.h"
#include "model/plugin_shelf.h"
#include "plugin/trial.h"
#include "tensor/border.h"

namespace kith::harness {
namespace {

std::atomic<bool> main_asked = false;

/// The plugins within reach, for the whole process; ranks that are threads take turns.
struct Shelf {
  std::mutex mutex;
  host::PluginShelf plugins{{}};
};

Shelf& shelf() {
  // Without it a trial would start this program again, with all its tests, and each of them the
  // next.
  if (!main_asked)
    throw PluginError("harness: main must begin with kith::harness::trial_exit_code(argc, argv)");
  static auto* const shelf = new Shelf();
  return *shelf;
}

host::ConfigNode parse(const std::string& text, host::Problems& problems) {
  auto node = host::parse_document(text, "harness", std::filesystem::current_path(), problems);
  problems.raise("harness");
  return std::move(*node);
}

std::vector<Part> parts_of(const host::PluginMetadata& m, std::string_view group) {
  std::vector<Part> parts;
  for (const auto& fact : m.facts)
    if (fact.group == group) parts.push_back({fact.name, fact.value, fact.flags});
  return parts;
}

Plugin described(const host::PluginRecord& record) {
  const auto& m = record.metadata;
  Plugin plugin;
  plugin.kind = m.kind;
  plugin.id = m.id;
  plugin.name = m.name;
  plugin.file = record.path;
  plugin.inputs = parts_of(m, "input");
  plugin.outputs = parts_of(m, "output");
  for (const auto& need : parts_of(m, "needs")) plugin.needs[need.name] = need.shape;
  for (const auto& use : m.operators) plugin.operators.insert(use.name);
  plugin.tables_at_ends = tables_at_ends(m);
  plugin.tables_inside = tables_inside(m);
  plugin.tables_at_choices = tables_at_choices(m);
  return plugin;
}

}  // namespace

std::optional<int> trial_exit_code(int argc, char** argv) {
  main_asked = true;
  if (argc < 2 || std::string_view(argv[1]) != host::kTrialCommand) return std::nullopt;
  const std::vector<std::string> files(argv + 2, argv + argc);
  return host::run_trial(files, host::host_table());
}

bool Part::has(std::string_view flag) const {
  return (" " + flags + " ").find(" " + std::string(flag) + " ") != std::string::npos;
}

std::vector<Plugin> plugins(std::string_view kind) {
  auto& s = shelf();
  const std::lock_guard lock(s.mutex);
  std::vector<Plugin> found;
  for (const auto* record : s.plugins.registry().records())
    if (record->metadata.kind == kind) found.push_back(described(*record));
  return found;
}

Plugin find_plugin(const std::string& name) {
  auto& s = shelf();
  const std::lock_guard lock(s.mutex);
  return described(s.plugins.registry().find_of_any_kind(name));
}

host::PluginObjectPtr load_plugin(const std::string& kind, const std::string& table) {
  auto& s = shelf();
  const std::lock_guard lock(s.mutex);
  host::Problems problems;
  const bool bare = table.find('=') == std::string::npos;
  const auto document =
      parse(kind + " = " + (bare ? "\"" + table + "\"" : "{ " + table + " }"), problems);
  host::PluginReader reader(s.plugins, std::filesystem::current_path(), problems);
  const auto use = reader.read(*document.find(kind), kind, kind);
  problems.raise("harness");
  return s.plugins.make(*use);
}

host::Experiment training_tables(const Settings& settings) {
  host::Problems problems;
  const auto train = "epochs = " + std::to_string(settings.epochs) +
                     ", batch_size = " + std::to_string(settings.batch_size) +
                     (settings.train.empty() ? "" : ", " + settings.train);
  const auto document = parse("train = { " + train + " }\noptimizer = { " + settings.optimizer +
                                  " }\nschedule = { " + settings.schedule + " }\n",
                              problems);
  host::TableReader root(&document, "", {"harness", 0, 0}, problems);
  host::Experiment experiment;
  experiment.seed = settings.seed;
  experiment.train = host::read_train(root);
  experiment.optimizer = host::read_optimizer(root, problems);
  experiment.schedule = host::read_schedule(root, settings.epochs, problems);
  problems.raise("harness");
  return experiment;
}

}  // namespace kith::harness
