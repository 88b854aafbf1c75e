// SPDX-License-Identifier: Apache-2.0
#include "sweep/summary.h"

#include <algorithm>
#include <cmath>

#include "config/problems.h"
#include "sweep/metric_name.h"

namespace kith::host {
namespace {

std::vector<SweepColumn> columns_of(const SweepFile& sweep) {
  std::vector<SweepColumn> columns;
  const auto add = [&](const std::optional<std::string>& path, bool test) {
    const auto is_it = [&](const SweepColumn& c) { return c.metric == *path; };
    if (path && std::ranges::none_of(columns, is_it)) columns.push_back({*path, test});
  };
  for (const auto& metric : sweep.metrics) add(metric.path, false);
  if (sweep.with_rows)
    for (const auto& metric : sweep.metrics)
      for (const auto* row : kEvaluationRows)
        for (const bool centred : {false, true}) add(of_row(metric.path, row, centred), false);
  if (sweep.report_test == TestReport::kNone) return columns;
  const auto on_val = columns;
  for (const auto& column : on_val) add(on_test(column.metric), true);
  return columns;
}

class Summariser {
 public:
  Summariser(const SweepFile& sweep, const SweepGrid& grid,
             const std::vector<CellOutcome>& outcomes)
      : sweep_(sweep), grid_(grid), outcomes_(outcomes) {}

  SweepSummary make() {
    SweepSummary summary;
    summary.columns = columns_of(sweep_);
    summary.runs = static_cast<std::int64_t>(grid_.runs.size());
    for (std::size_t p = 0; p < grid_.points.size(); ++p) {
      summary.lines.push_back(line(p, summary.columns));
      summary.done += summary.lines.back().done;
      summary.failed += summary.lines.back().failed;
      const auto& on_device = summary.lines.back().peak_device_memory_bytes;
      summary.on_device = summary.on_device || (on_device && on_device->mean > 0);
    }
    drop_absent(summary);
    if (summary.done + summary.failed == summary.runs) summary.chosen = choose(summary.lines);
    hide_test(summary);
    return summary;
  }

 private:
  SweepLine line(std::size_t point, const std::vector<SweepColumn>& columns) const {
    SweepLine line;
    line.point = point;
    std::vector<const RunResult*> results;
    for (std::size_t i = 0; i < grid_.runs.size(); ++i) {
      if (grid_.runs[i].point != point) continue;
      ++line.runs;
      line.failed += outcomes_[i].end == CellEnd::kFailed ? 1 : 0;
      if (outcomes_[i].end != CellEnd::kDone) continue;
      ++line.done;
      results.push_back(&*outcomes_[i].result);
    }
    for (const auto& column : columns) {
      std::vector<double> values;
      for (const auto* result : results)
        if (const auto found = result->metrics.find(column.metric); found != result->metrics.end())
          values.push_back(found->second);
      line.metrics.push_back(statistic_of(values));
    }
    const auto over = [&](auto&& get) {
      std::vector<double> values;
      for (const auto* result : results) values.push_back(get(*result));
      return statistic_of(values);
    };
    line.images_per_s = over([](const RunResult& r) { return r.images_per_s; });
    line.step_s = over([](const RunResult& r) { return r.step_s; });
    const auto bytes = [&](std::int64_t RunResult::*member) {
      return over([&](const RunResult& r) { return static_cast<double>(r.*member); });
    };
    line.peak_memory_bytes = bytes(&RunResult::peak_memory_bytes);
    line.peak_device_memory_bytes = bytes(&RunResult::peak_device_memory_bytes);
    return line;
  }

  std::optional<std::size_t> choose(const std::vector<SweepLine>& lines) const {
    std::optional<std::size_t> best;
    for (std::size_t p = 0; p < lines.size(); ++p) {
      const auto& value = lines[p].metrics.front();
      if (lines[p].failed > 0 || !value || !std::isfinite(value->mean)) continue;
      if (!best) {
        best = p;
        continue;
      }
      const double so_far = lines[*best].metrics.front()->mean;
      if (sweep_.maximise ? value->mean > so_far : value->mean < so_far) best = p;
    }
    return best;
  }

  /// Columns that no run has a number for: of raw pixels where images are large, on test of an
  /// evaluation that never looks there.
  void drop_absent(SweepSummary& summary) const {
    if (summary.done == 0) return;
    for (std::size_t c = summary.columns.size(); c-- > sweep_.metrics.size();) {
      const auto has_number = [&](const SweepLine& line) { return line.metrics[c].has_value(); };
      if (std::ranges::any_of(summary.lines, has_number)) continue;
      const auto place = static_cast<std::ptrdiff_t>(c);
      summary.columns.erase(summary.columns.begin() + place);
      for (auto& line : summary.lines) line.metrics.erase(line.metrics.begin() + place);
    }
  }

  void hide_test(SweepSummary& summary) const {
    if (sweep_.report_test == TestReport::kAll) return;
    for (auto& line : summary.lines)
      for (std::size_t c = 0; c < summary.columns.size(); ++c)
        if (summary.columns[c].test && summary.chosen != line.point) line.metrics[c].reset();
  }

  const SweepFile& sweep_;
  const SweepGrid& grid_;
  const std::vector<CellOutcome>& outcomes_;
};

}  // namespace

std::optional<Statistic> statistic_of(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  Statistic statistic;
  statistic.n = static_cast<std::int64_t>(values.size());
  const auto n = static_cast<double>(values.size());
  for (const double value : values) statistic.mean += value / n;
  if (values.size() == 1) {
    statistic.mean = values[0];
    return statistic;
  }
  double squares = 0;
  for (const double value : values) squares += (value - statistic.mean) * (value - statistic.mean);
  statistic.deviation = std::sqrt(squares / (n - 1));
  return statistic;
}

SweepSummary summarise(const SweepFile& sweep, const SweepGrid& grid,
                       const std::vector<CellOutcome>& outcomes) {
  return Summariser(sweep, grid, outcomes).make();
}

void check_metrics(const SweepFile& sweep, std::vector<CellOutcome>& outcomes) {
  for (auto& outcome : outcomes) {
    if (outcome.end != CellEnd::kDone) continue;
    for (const auto& metric : sweep.metrics) {
      if (outcome.result->metrics.contains(metric.path)) continue;
      std::vector<std::string> names;
      for (const auto& [name, value] : outcome.result->metrics)
        if (name.find("/test/") == std::string::npos) names.push_back(short_metric(name));
      outcome.end = CellEnd::kFailed;
      outcome.error = metric.key + ": the run has no metric '" + short_metric(metric.path) + "'" +
                      suggestion(short_metric(metric.path), names);
    }
  }
}

}  // namespace kith::host
