// SPDX-License-Identifier: Apache-2.0
#include "sweep/sweep_file.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "config/read_files.h"
#include "config/setting_ranges.h"
#include "config/table_reader.h"
#include "sweep/axis_reader.h"
#include "sweep/case_reader.h"
#include "sweep/metric_name.h"

namespace kith::host {
namespace {

constexpr IntRange kJobs{1, 1024};

constexpr EnumName<TestReport> kTestReports[] = {
    {"none", TestReport::kNone}, {"chosen", TestReport::kChosen}, {"all", TestReport::kAll}};

std::string read_name(TableReader& root, bool small, Problems& problems) {
  const ConfigNode* node = root.take("name");
  if (node == nullptr) {
    root.add_missing("name", "text, the name of the sweep's folder");
    return "";
  }
  return read_run_name(*node, root.path_of("name"), problems).value_or("") +
         (small ? "-small" : "");
}

std::vector<std::uint64_t> read_seeds(TableReader& table, Problems& problems) {
  std::vector<std::uint64_t> seeds;
  const ConfigNode* list = table.take_list("seeds", "a list of integers");
  if (list == nullptr) return seeds;
  if (list->items.empty())
    problems.add(table.path_of("seeds") + ": must have at least one seed, got an empty list",
                 list->where);
  for (const ConfigNode& item : list->items) {
    const auto seed = read_integer(item, table.path_of("seeds"), kSeeds, problems);
    if (!seed) continue;
    const auto value = static_cast<std::uint64_t>(*seed);
    if (std::find(seeds.begin(), seeds.end(), value) != seeds.end())
      problems.add(table.path_of("seeds") + ": each seed may stand once, got " +
                       std::to_string(value) + " twice",
                   item.where);
    seeds.push_back(value);
  }
  return seeds;
}

void add_metric(const ConfigNode& node, const std::string& key, SweepFile& sweep,
                Problems& problems) {
  const auto text = read_text_value(node, key, problems);
  if (!text) return;
  const auto path = metric_path(*text, key, node.where, problems);
  if (!path) return;
  const bool known = std::any_of(sweep.metrics.begin(), sweep.metrics.end(),
                                 [&](const SweepMetric& m) { return m.path == *path; });
  if (!known) sweep.metrics.push_back({*path, key, node.where});
}

void read_choice(TableReader& root, SweepFile& sweep, Problems& problems) {
  if (!root.has("choose"))
    root.add_missing("choose",
                     "a table, the metric on val that the best setting is chosen by: "
                     "{ metric = \"knn/top1\", maximise = true }");
  TableReader table = root.section("choose");
  const ConfigNode* metric = table.take("metric");
  if (metric != nullptr)
    add_metric(*metric, table.path_of("metric"), sweep, problems);
  else if (root.has("choose"))
    table.add_missing("metric", "text, a metric on val, as \"knn/top1\"");
  sweep.maximise = table.boolean("maximise", true);
  table.finish();
}

void read_metrics(TableReader& root, SweepFile& sweep, Problems& problems) {
  const ConfigNode* list = root.take_list("metrics", "a list of names of metrics");
  if (list == nullptr) return;
  for (const ConfigNode& item : list->items)
    add_metric(item, root.path_of("metrics"), sweep, problems);
}

void read_small(TableReader& root, bool small, SweepFile& sweep, Problems& problems) {
  TableReader table = root.section("small");
  auto settings = read_settings(table, "set", problems);
  auto seeds = read_seeds(table, problems);
  const auto jobs = table.integer_if_written("jobs", kJobs);
  auto experiment = read_experiment_path(table, problems);
  table.finish();
  if (!small) return;
  if (experiment) sweep.experiment = std::move(experiment);
  std::move(settings.begin(), settings.end(), std::back_inserter(sweep.settings));
  if (!seeds.empty()) sweep.seeds = std::move(seeds);
  if (jobs) sweep.jobs = *jobs;
}

}  // namespace

std::optional<SweepFile> read_sweep(const std::filesystem::path& path, bool small,
                                    Problems& problems) {
  const std::string name = path.lexically_normal().string();
  const auto node = read_toml_file(path, "sweep", {name, 0, 0}, problems);
  if (!node) return std::nullopt;
  TableReader root(&*node, "sweep", {name, 0, 0}, problems);
  SweepFile sweep;
  sweep.file = path;
  sweep.name = read_name(root, small, problems);
  sweep.experiment = read_experiment_path(root, problems);
  sweep.settings = read_settings(root, "set", problems);
  sweep.seeds = read_seeds(root, problems);
  sweep.jobs = root.integer("jobs", kJobs, 1);
  read_choice(root, sweep, problems);
  read_metrics(root, sweep, problems);
  sweep.report_test = root.choice("report_test", kTestReports, std::optional(TestReport::kNone));
  sweep.with_rows = root.boolean("with_rows", false);
  read_small(root, small, sweep, problems);
  sweep.axes = read_axes(root, small, sweep.experiment.has_value(), problems);
  sweep.cases = read_cases(root, sweep.axes, problems);
  root.finish();
  return sweep;
}

}  // namespace kith::host
