// SPDX-License-Identifier: Apache-2.0
#include "config/load_experiment.h"

#include <utility>

#include "config/data_section.h"
#include "config/overrides.h"
#include "config/part_reader.h"
#include "config/problems.h"
#include "config/read_files.h"
#include "config/section_reader.h"
#include "config/setting_ranges.h"
#include "config/table_reader.h"
#include "config/toml_writer.h"
#include "config/varied_experiment.h"

namespace kith::host {

namespace {

std::string read_name(TableReader& root, Problems& problems) {
  const ConfigNode* node = root.take("name");
  if (node == nullptr) root.add_missing("name", "text, the name of the run");
  return node == nullptr ? "" : read_run_name(*node, "name", problems).value_or("");
}

/// The table [data] of a tree, whatever else is in it.
DataConfig read_data_alone(ConfigNode root, const std::string& file,
                           const std::vector<std::string>& overrides) {
  Problems problems;
  apply_overrides(root, overrides, problems);
  TableReader reader(&root, "", {file, 0, 0}, problems);
  DataConfig data = read_data(reader, problems);
  problems.raise(file);
  return data;
}

}  // namespace

ResolvedExperiment load_experiment(const std::filesystem::path& path,
                                   const std::vector<std::string>& overrides,
                                   const PluginCatalog& catalog) {
  Problems problems;
  auto resolved = load_varied_experiment(path, {}, overrides, catalog, problems);
  problems.raise(path.lexically_normal().string());
  return std::move(*resolved);
}

std::optional<ResolvedExperiment> load_varied_experiment(const std::filesystem::path& path,
                                                         std::vector<Setting> settings,
                                                         const std::vector<std::string>& overrides,
                                                         const PluginCatalog& catalog,
                                                         Problems& problems) {
  const std::size_t before = problems.size();
  const std::string file = path.lexically_normal().string();
  std::optional<ReadFiles> read = read_files(path, problems);
  if (!read) return std::nullopt;
  apply_settings(read->root, std::move(settings), problems);
  apply_overrides(read->root, overrides, problems);

  ResolvedExperiment resolved;
  Experiment& experiment = resolved.experiment;
  experiment.folder = std::filesystem::absolute(path).lexically_normal().parent_path();
  TableReader root(&read->root, "", {file, 0, 0}, problems);
  PluginReader plugins(catalog, experiment.folder, problems);
  PartReader parts(root, plugins, problems);

  experiment.name = read_name(root, problems);
  experiment.seed = static_cast<std::uint64_t>(root.integer("seed", kSeeds, 0));
  experiment.data = read_data(root, problems);
  experiment.roles = parts.roles();
  experiment.method = parts.method();
  experiment.views = parts.views();
  experiment.eval_view = parts.eval_view(experiment.views);
  const std::size_t mistakes = problems.size();
  experiment.train = read_train(root);
  // A run whose length is wrong has no end to hold the schedule against.
  std::optional<std::int64_t> epochs;
  if (problems.size() == mistakes) epochs = experiment.train.epochs;
  experiment.guards = read_guards(root);
  experiment.online_probe = read_online_probe(root);
  experiment.optimizer = read_optimizer(root, problems);
  experiment.schedule = read_schedule(root, epochs, problems);
  experiment.evaluations = parts.evaluations(experiment.roles, experiment.views);
  root.take("extends");  // known, so that it is suggested
  root.finish();
  if (problems.size() > before) return std::nullopt;
  resolved.warnings = problems.warnings();
  resolved.files = std::move(read->files);
  return resolved;
}

DataConfig load_data(const std::filesystem::path& path, const std::vector<std::string>& overrides) {
  Problems problems;
  const std::string file = path.lexically_normal().string();
  std::optional<ReadFiles> read = read_files(path, problems);
  if (!read) problems.raise(file);
  return read_data_alone(std::move(read->root), file, overrides);
}

DataConfig data_at(const std::filesystem::path& folder, const std::string& reader,
                   const std::vector<std::string>& overrides) {
  std::vector<std::string> all = {"data.reader=" + toml_string(reader),
                                  "data.path=" + toml_string(folder.string())};
  all.insert(all.end(), overrides.begin(), overrides.end());
  ConfigNode root;
  return read_data_alone(std::move(root), "--set", all);
}

}  // namespace kith::host
