// SPDX-License-Identifier: Apache-2.0
#include "sweep/sweep_table.h"

#include <algorithm>
#include <set>

#include "config/number_text.h"
#include "sweep/each_run_table.h"
#include "sweep/markdown.h"
#include "sweep/metric_name.h"
#include "sweep/row_table.h"

namespace kith::host {
namespace {

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i)
    line += (i == 0 ? "" : ",") + csv_field(fields[i]);
  return line + "\n";
}

void add_statistic(std::vector<std::string>& fields, const std::optional<Statistic>& statistic) {
  fields.push_back(statistic ? number_text(statistic->mean) : "");
  fields.push_back(statistic && statistic->deviation ? number_text(*statistic->deviation) : "");
}

std::set<std::uint64_t> seeds_of(const SweepGrid& grid) {
  std::set<std::uint64_t> seeds;
  for (const auto& run : grid.runs) seeds.insert(run.seed);
  return seeds;
}

std::string metric_title(const SweepColumn& column) {
  return column.test
             ? column.metric
             : short_metric(column.metric) + (evaluation_of(column.metric).empty() ? "" : " (val)");
}

std::vector<std::string> markdown_fields(const SweepFile& sweep, const SweepGrid& grid,
                                         const SweepSummary& summary, const SweepLine& line) {
  std::vector<std::string> fields = grid.points[line.point].labels;
  if (sweep.axes.empty()) fields.push_back(sweep.name);
  for (const auto& metric : line.metrics) fields.push_back(statistic_text(metric));
  fields.push_back(runs_text(line));
  fields.push_back(mean_text(line.images_per_s));
  fields.push_back(mean_text(line.step_s, 1e3));
  fields.push_back(mean_text(line.peak_memory_bytes, 1e-6));
  if (summary.on_device) fields.push_back(mean_text(line.peak_device_memory_bytes, 1e-6));
  if (summary.chosen == line.point)
    for (auto& field : fields)
      if (!field.empty()) field = "**" + field + "**";
  return fields;
}

/// A line for each setting.
std::string point_table(const SweepFile& sweep, const SweepGrid& grid,
                        const SweepSummary& summary) {
  std::vector<std::string> head;
  for (const auto& axis : sweep.axes) head.push_back(axis.name);
  if (sweep.axes.empty()) head.emplace_back("sweep");
  for (const auto& column : summary.columns) head.push_back(metric_title(column));
  for (const char* name : {"runs", "images/s", "ms a step", "peak memory, MB"})
    head.emplace_back(name);
  if (summary.on_device) head.emplace_back("GPU memory, MB");
  std::string text = markdown_head(head, std::max<std::size_t>(1, sweep.axes.size()));
  for (const auto& line : summary.lines)
    if (line.runs > 0) text += markdown_line(markdown_fields(sweep, grid, summary, line));
  return text;
}

std::string choice_text(const SweepFile& sweep, const SweepGrid& grid,
                        const SweepSummary& summary) {
  const auto metric = short_metric(sweep.metrics.front().path);
  const std::string way = sweep.maximise ? "largest" : "smallest";
  if (summary.done + summary.failed < summary.runs)
    return std::to_string(summary.done) + " of " + std::to_string(summary.runs) +
           " runs are done; the setting is chosen when all are.\n";
  if (!summary.chosen) return "No setting is chosen: of none were all runs done.\n";
  return "Chosen on val by the " + way + " mean of " + metric + ": " +
         point_text(sweep, grid.points[*summary.chosen]) + " (" +
         statistic_text(summary.lines[*summary.chosen].metrics.front()) + ").\n";
}

}  // namespace

std::string csv_table(const SweepFile& sweep, const SweepGrid& grid, const SweepSummary& summary,
                      const std::vector<CellOutcome>& outcomes) {
  std::vector<std::string> head;
  for (const auto& axis : sweep.axes) head.push_back(axis.name);
  for (const char* name : {"chosen", "done", "failed"}) head.emplace_back(name);
  std::vector<std::string> measured;
  for (const auto& column : summary.columns) measured.push_back(column.metric);
  for (const char* name : {"images_per_s", "step_s", "peak_memory_bytes"})
    measured.emplace_back(name);
  if (summary.on_device) measured.emplace_back("peak_device_memory_bytes");
  for (const auto& name : measured) {
    head.push_back(name + " mean");
    head.push_back(name + " std");
  }
  const auto seeds = seeds_of(grid);
  const auto& metric = sweep.metrics.front().path;
  for (const auto seed : seeds) head.push_back(metric + " seed " + std::to_string(seed));
  std::string text = csv_line(head);
  for (const auto& line : summary.lines) {
    if (line.runs == 0) continue;
    auto fields = grid.points[line.point].labels;
    fields.push_back(summary.chosen == line.point ? "1" : "0");
    fields.push_back(std::to_string(line.done));
    fields.push_back(std::to_string(line.failed));
    for (const auto& statistic : line.metrics) add_statistic(fields, statistic);
    for (const auto* statistic : {&line.images_per_s, &line.step_s, &line.peak_memory_bytes})
      add_statistic(fields, *statistic);
    if (summary.on_device) add_statistic(fields, line.peak_device_memory_bytes);
    for (const auto seed : seeds) {
      fields.emplace_back();
      for (std::size_t i = 0; i < grid.runs.size(); ++i)
        if (grid.runs[i].point == line.point && grid.runs[i].seed == seed && outcomes[i].result &&
            outcomes[i].result->metrics.contains(metric))
          fields.back() = number_text(outcomes[i].result->metrics.at(metric));
    }
    text += csv_line(fields);
  }
  return text;
}

std::string markdown_table(const SweepFile& sweep, const SweepGrid& grid,
                           const SweepSummary& summary, const std::vector<CellOutcome>& outcomes) {
  std::string text =
      sweep.with_rows ? row_table(sweep, grid, summary) : point_table(sweep, grid, summary);
  text += "\n" + choice_text(sweep, grid, summary);
  if (sweep.with_rows)
    if (const auto runs = each_run_table(sweep, grid, summary, outcomes); !runs.empty())
      text += "\nEach run, trained, and how much above its own untrained encoder:\n\n" + runs;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i].end != CellEnd::kFailed) continue;
    std::string error = outcomes[i].error;
    std::replace(error.begin(), error.end(), '\n', ' ');
    text += "\nFailed: " + run_text(sweep, grid, grid.runs[i]) + ": " + error + "\n";
  }
  return text;
}

}  // namespace kith::host
