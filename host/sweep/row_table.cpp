// SPDX-License-Identifier: Apache-2.0
#include "sweep/row_table.h"

#include <algorithm>

#include "sweep/markdown.h"
#include "sweep/row_places.h"

namespace kith::host {
namespace {

class RowTable {
 public:
  RowTable(const SweepFile& sweep, const SweepGrid& grid, const SweepSummary& summary)
      : sweep_(sweep), grid_(grid), summary_(summary), places_(sweep, summary) {}

  std::string make() const {
    std::vector<std::string> titles;
    for (const auto& axis : sweep_.axes) titles.push_back(axis.name);
    titles.emplace_back("row");
    for (const auto& metric : sweep_.metrics) titles.push_back(places_.title(metric.path));
    for (const char* name : {"runs", "images/s"}) titles.emplace_back(name);
    std::string text = markdown_head(titles, sweep_.axes.size() + 1);
    std::vector<std::string> own_rows;
    for (const std::string row : kEvaluationRows) {
      const auto common = common_cells(row);
      if (!common)
        own_rows.push_back(row);
      else if (has_text(*common))
        text += markdown_line(
            fields(std::vector<std::string>(sweep_.axes.size(), "all"), row, *common, nullptr));
    }
    for (const auto& line : summary_.lines)
      for (const auto& row : own_rows)
        if (line.runs > 0)
          text += markdown_line(fields(grid_.points[line.point].labels, row, cells(line, row),
                                       row == "trained" ? &line : nullptr));
    return text;
  }

 private:
  using Cells = std::vector<std::string>;

  static bool has_text(const Cells& cells) {
    return std::ranges::any_of(cells, [](const std::string& cell) { return !cell.empty(); });
  }

  const std::optional<Statistic>* find(const SweepLine& line, const std::string& path) const {
    for (std::size_t c = 0; c < summary_.columns.size(); ++c)
      if (summary_.columns[c].metric == path) return &line.metrics[c];
    return nullptr;
  }

  Cells cells(const SweepLine& line, const std::string& row) const {
    Cells result;
    for (const auto& metric : sweep_.metrics) {
      std::string cell;
      for (const bool centred : {false, true}) {
        const auto* number = find(line, places_.place(metric.path, row, centred));
        if (number != nullptr && *number)
          cell += (cell.empty() ? "" : " / ") + statistic_text(*number);
      }
      result.push_back(cell);
    }
    return result;
  }

  /// What the row has for every setting that has numbers, if that is the same and there are two.
  /// Raw pixels cost much on large banks: settings that left them out take those of the others, of
  /// the same data set.
  std::optional<Cells> common_cells(const std::string& row) const {
    if (row == "trained") return std::nullopt;  // whose lines tell of the runs
    const bool may_lack = row == "pixels" && one_data_set();
    std::optional<Cells> common;
    int settings = 0;
    for (const auto& line : summary_.lines) {
      if (line.done == 0) continue;
      auto own = cells(line, row);
      if (common && may_lack) fill_gaps(*common, own);
      if (common && own != *common) return std::nullopt;
      common = std::move(own);
      ++settings;
    }
    return settings > 1 ? common : std::nullopt;
  }

  bool one_data_set() const {
    return std::ranges::all_of(grid_.runs, [&](const SweepRun& run) {
      return same_images(run.data, grid_.runs.front().data);
    });
  }

  /// Each cell that is empty in one of them takes the other's text.
  static void fill_gaps(Cells& one, Cells& other) {
    for (std::size_t c = 0; c < one.size(); ++c) {
      if (one[c].empty()) one[c] = other[c];
      if (other[c].empty()) other[c] = one[c];
    }
  }

  /// `trained`: the line whose runs and speed are told; may be null.
  std::vector<std::string> fields(std::vector<std::string> labels, const std::string& row,
                                  const Cells& numbers, const SweepLine* trained) const {
    auto result = std::move(labels);
    result.push_back(row == "pixels" ? "raw pixels" : row);
    result.insert(result.end(), numbers.begin(), numbers.end());
    result.push_back(trained == nullptr ? "" : runs_text(*trained));
    result.push_back(trained == nullptr ? "" : mean_text(trained->images_per_s));
    return result;
  }

  const SweepFile& sweep_;
  const SweepGrid& grid_;
  const SweepSummary& summary_;
  const RowPlaces places_;
};

}  // namespace

std::string row_table(const SweepFile& sweep, const SweepGrid& grid, const SweepSummary& summary) {
  return RowTable(sweep, grid, summary).make();
}

}  // namespace kith::host
