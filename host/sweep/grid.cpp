// SPDX-License-Identifier: Apache-2.0
#include "sweep/grid.h"

#include <algorithm>
#include <iterator>
#include <kith/error.hpp>
#include <map>
#include <utility>

#include "config/varied_experiment.h"
#include "digest/sha256.h"
#include "sweep/axis_reader.h"
#include "sweep/metric_name.h"

namespace kith::host {
namespace {

constexpr std::size_t kIdDigits = 16;

std::vector<SweepPoint> all_points(const std::vector<SweepAxis>& axes) {
  std::vector<SweepPoint> points(1);
  for (const SweepAxis& axis : axes) {
    std::vector<SweepPoint> longer;
    for (const SweepPoint& point : points) {
      for (std::size_t i = 0; i < axis.values.size(); ++i) {
        longer.push_back(point);
        longer.back().at.push_back(i);
        longer.back().labels.push_back(axis.values[i].label);
      }
    }
    points = std::move(longer);
  }
  return points;
}

std::string id_of(const Experiment& experiment) {
  ResolvedExperiment what_counts;
  what_counts.experiment = experiment;
  what_counts.experiment.train.loader_threads.reset();
  return sha256_hex(to_resolved_toml(what_counts)).substr(0, kIdDigits);
}

bool knows(const std::vector<Problems::Mistake>& mistakes, const Problems::Mistake& mistake) {
  return std::any_of(mistakes.begin(), mistakes.end(), [&](const Problems::Mistake& m) {
    return m.text == mistake.text && to_text(m.place) == to_text(mistake.place);
  });
}

class GridMaker {
 public:
  GridMaker(const SweepFile& sweep, const std::vector<std::string>& overrides,
            const CatalogOf& catalog, Problems& problems)
      : sweep_(sweep),
        overrides_(overrides),
        catalog_(catalog),
        problems_(problems),
        file_has_mistakes_(problems.size() > 0) {}

  SweepGrid make() {
    for (const auto& text : overrides_)
      if (const auto keys = override_keys(text))
        check_own_keys({*keys, {}, {"--set " + one_line(text), 0, 0}}, "--set", problems_);
    grid_.points = all_points(sweep_.axes);
    for (std::size_t i = 0; i < grid_.points.size(); ++i) add(i);
    return std::move(grid_);
  }

 private:
  void add(std::size_t index) {
    const SweepPoint& point = grid_.points[index];
    auto settings = sweep_.settings;
    auto file = sweep_.experiment;
    SourcePlace place{sweep_.file.lexically_normal().string(), 0, 0};
    for (std::size_t a = 0; a < point.at.size(); ++a) {
      const AxisValue& value = sweep_.axes[a].values[point.at[a]];
      settings.insert(settings.end(), value.settings.begin(), value.settings.end());
      if (value.experiment) file = value.experiment;
      place = value.where;
    }
    for (const SweepCase& each : sweep_.cases) {
      if (!holds(each, point.labels)) continue;
      if (each.leave_out) return;
      settings.insert(settings.end(), each.settings.begin(), each.settings.end());
    }
    if (!file) return;  // noted where the file was read
    auto resolved = load(*file, std::move(settings), point_text(sweep_, point));
    if (!resolved) return;
    Experiment& experiment = resolved->experiment;
    check_metrics(experiment);
    set_test(experiment);
    auto seeds = sweep_.seeds;
    if (seeds.empty()) seeds.push_back(experiment.seed);
    for (const std::uint64_t seed : seeds) {
      experiment.seed = seed;
      add_run(index, *resolved, place);
    }
  }

  std::optional<ResolvedExperiment> load(const std::filesystem::path& file,
                                         std::vector<Setting> settings, const std::string& cell) {
    const auto folder = std::filesystem::absolute(file).lexically_normal().parent_path();
    Problems own;
    auto resolved =
        load_varied_experiment(file, std::move(settings), overrides_, catalog_(folder), own);
    for (const auto& mistake : own.mistakes()) {
      if (knows(seen_, mistake)) continue;
      seen_.push_back(mistake);
      // A place outside the sweep's file does not say which cell it is about.
      const bool in_sweep = mistake.place.file == sweep_.file.lexically_normal().string();
      problems_.add(
          in_sweep || sweep_.axes.empty() ? mistake.text : mistake.text + "; in the cell " + cell,
          mistake.place);
    }
    for (const auto& warning : own.warnings())
      if (std::find(grid_.warnings.begin(), grid_.warnings.end(), warning) == grid_.warnings.end())
        grid_.warnings.push_back(warning);
    return resolved;
  }

  /// The evaluations are known before the run; what they measure is not.
  void check_metrics(const Experiment& experiment) {
    std::vector<std::string> names;
    std::map<std::string, int> seen;
    for (const auto& evaluation : experiment.evaluations) {
      const auto* plugin = catalog_(experiment.folder)
                               .find("evaluation", evaluation.plugin.reference, experiment.folder);
      if (plugin == nullptr) continue;
      const int n = ++seen[plugin->name];
      names.push_back(plugin->name + (n > 1 ? "_" + std::to_string(n) : ""));
    }
    if (experiment.online_probe) names.push_back("online_probe");
    for (const auto& metric : sweep_.metrics) {
      const auto name = evaluation_of(metric.path);
      if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) continue;
      const Problems::Mistake mistake{
          metric.key + ": the experiment has no evaluation '" + name + "'" +
              (names.empty() ? "; it has no [[evaluation]] at all" : suggestion(name, names)),
          metric.where};
      if (knows(problems_.mistakes(), mistake)) continue;
      problems_.add(mistake.text, mistake.place);
    }
  }

  void set_test(Experiment& experiment) const {
    experiment.data.read_test = sweep_.report_test != TestReport::kNone;
    if (!experiment.data.read_test) return;  // then the evaluation at the end is on val
    for (auto& evaluation : experiment.evaluations)
      if (evaluation.every_epochs == 0 || experiment.train.epochs % evaluation.every_epochs != 0)
        evaluation.every_epochs = experiment.train.epochs;
  }

  void add_run(std::size_t point, const ResolvedExperiment& resolved, const SourcePlace& place) {
    const auto& e = resolved.experiment;
    SweepRun run;
    run.point = point;
    run.seed = e.seed;
    run.id = id_of(e);
    run.resolved_toml = to_resolved_toml(resolved);
    run.plugin_folder = e.folder;
    run.data = e.data;
    run.batch_size = e.train.batch_size;
    if (e.train.tensor_threads)
      run.threads = *e.train.tensor_threads + e.train.loader_threads.value_or(0);
    const auto same = std::find_if(grid_.runs.begin(), grid_.runs.end(),
                                   [&](const SweepRun& r) { return r.id == run.id; });
    if (same == grid_.runs.end()) {
      grid_.runs.push_back(std::move(run));
      return;
    }
    // Where a key of the sweep's file is wrong, its setting is missing in these.
    if (file_has_mistakes_) return;
    problems_.add("sweep: two cells have the same settings: " +
                      point_text(sweep_, grid_.points[same->point]) + ", and " +
                      point_text(sweep_, grid_.points[point]) +
                      "; the values of each axis must differ, and --set must not set what an axis "
                      "sets",
                  place);
  }

  const SweepFile& sweep_;
  const std::vector<std::string>& overrides_;
  const CatalogOf& catalog_;
  Problems& problems_;
  const bool file_has_mistakes_;
  SweepGrid grid_;
  std::vector<Problems::Mistake> seen_;
};

}  // namespace

SweepGrid resolve_grid(const SweepFile& sweep, const std::vector<std::string>& overrides,
                       const CatalogOf& catalog, Problems& problems) {
  return GridMaker(sweep, overrides, catalog, problems).make();
}

std::string point_text(const SweepFile& sweep, const SweepPoint& point) {
  std::string text;
  for (std::size_t a = 0; a < point.labels.size(); ++a)
    text += (a == 0 ? "" : ", ") + sweep.axes[a].name + " = " + point.labels[a];
  return text.empty() ? sweep.name : text;
}

std::string run_text(const SweepFile& sweep, const SweepGrid& grid, const SweepRun& run) {
  return point_text(sweep, grid.points[run.point]) + ", seed " + std::to_string(run.seed);
}

}  // namespace kith::host
