// SPDX-License-Identifier: Apache-2.0
#include "sweep/each_run_table.h"

#include <algorithm>

#include "sweep/markdown.h"
#include "sweep/row_places.h"

namespace kith::host {
namespace {

std::string signed_digits(double value) { return (value < 0 ? "" : "+") + digits(value, 4); }

/// "0.7097 (+0.0981) / 0.7014 (+0.1044)"; empty where the run has no such metric.
std::string cell(const RunResult& result, const RowPlaces& places, const std::string& metric) {
  std::string text;
  for (const bool centred : {false, true}) {
    const auto trained = result.metrics.find(places.place(metric, "trained", centred));
    if (trained == result.metrics.end()) continue;
    text += (text.empty() ? "" : " / ") + digits(trained->second, 4);
    const auto untrained = result.metrics.find(places.place(metric, "untrained", centred));
    if (untrained != result.metrics.end())
      text += " (" + signed_digits(trained->second - untrained->second) + ")";
  }
  return text;
}

}  // namespace

std::string each_run_table(const SweepFile& sweep, const SweepGrid& grid,
                           const SweepSummary& summary, const std::vector<CellOutcome>& outcomes) {
  if (std::ranges::none_of(summary.lines, [](const SweepLine& line) { return line.done > 1; }))
    return "";
  const RowPlaces places(sweep, summary);
  std::vector<std::string> head;
  for (const auto& axis : sweep.axes) head.push_back(axis.name);
  head.emplace_back("seed");
  for (const auto& metric : sweep.metrics) head.push_back(places.title(metric.path));
  std::string text = markdown_head(head, sweep.axes.size() + 1);
  for (std::size_t i = 0; i < grid.runs.size(); ++i) {
    if (!outcomes[i].result) continue;
    auto fields = grid.points[grid.runs[i].point].labels;
    fields.push_back(std::to_string(grid.runs[i].seed));
    for (const auto& metric : sweep.metrics)
      fields.push_back(cell(*outcomes[i].result, places, metric.path));
    text += markdown_line(fields);
  }
  return text;
}

}  // namespace kith::host
