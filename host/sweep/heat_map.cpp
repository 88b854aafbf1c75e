// SPDX-License-Identifier: Apache-2.0
#include "sweep/heat_map.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "sweep/markdown.h"
#include "sweep/metric_name.h"

namespace kith::host {
namespace {

constexpr int kScale = 2;  // px a point of the letters
constexpr int kGap = 12;   // px around and between parts
constexpr int kCellHeight = 44, kMinCellWidth = 92;
constexpr int kBarWidth = 18;
constexpr Colour kWhite{255, 255, 255}, kBlack{0, 0, 0}, kGrey{225, 225, 225}, kDark{110, 110, 110},
    kFrame{220, 30, 30};

int widest(const std::vector<std::string>& texts) {
  int width = 0;
  for (const auto& text : texts) width = std::max(width, text_width(text, kScale));
  return width;
}

std::string value_text(double value) { return statistic_text(Statistic{1, value, {}}); }

struct Range {
  double low = 0, high = 0;
  bool empty = true;
  /// 0 to 1; where all numbers are equal the middle.
  double share(double value) const { return high > low ? (value - low) / (high - low) : 0.5; }
};

Range range_of(const HeatMap& map) {
  Range range;
  for (const auto& value : map.values) {
    if (!value || !std::isfinite(*value)) continue;
    range.low = range.empty ? *value : std::min(range.low, *value);
    range.high = range.empty ? *value : std::max(range.high, *value);
    range.empty = false;
  }
  return range;
}

/// Black or white, whichever is read more easily on the colour.
Colour ink_on(Colour c) {
  return 299 * c.red + 587 * c.green + 114 * c.blue > 140000 ? kBlack : kWhite;
}

void centred(Canvas& canvas, int x, int y, int width, int height, const std::string& text,
             Colour colour) {
  canvas.text(x + (width - text_width(text, kScale)) / 2, y + (height - text_height(kScale)) / 2,
              text, kScale, colour);
}

void draw_cell(Canvas& canvas, const HeatMap& map, const HeatMapGrid& at, std::size_t index,
               const Range& range) {
  const auto columns = map.columns.size();
  const int x = at.left + static_cast<int>(index % columns) * at.cell_width;
  const int y = at.top + static_cast<int>(index / columns) * at.cell_height;
  const auto& value = map.values[index];
  const bool known = value && std::isfinite(*value);
  const Colour colour = known ? heat_colour(range.share(*value)) : kGrey;
  canvas.fill(x, y, at.cell_width, at.cell_height, colour);
  canvas.frame(x, y, at.cell_width, at.cell_height, 1, kWhite);
  centred(canvas, x, y, at.cell_width, at.cell_height,
          value ? value_text(*value) : map.without_value[index], known ? ink_on(colour) : kDark);
  if (map.chosen == index)
    canvas.frame(x + 1, y + 1, at.cell_width - 2, at.cell_height - 2, 4, kFrame);
}

void draw_bar(Canvas& canvas, int x, int y, int height, const Range& range) {
  for (int row = 0; row < height; ++row)
    canvas.fill(x, y + row, kBarWidth, 1,
                heat_colour(1 - static_cast<double>(row) / std::max(1, height - 1)));
  const int beside = x + kBarWidth + 6;
  canvas.text(beside, y, value_text(range.high), kScale, kBlack);
  canvas.text(beside, y + height - text_height(kScale), value_text(range.low), kScale, kBlack);
}

}  // namespace

Colour heat_colour(double share) {
  // From dark to light all the way, so that it reads in grey and with any colour blindness too.
  constexpr std::array<std::array<double, 3>, 6> kStops{
      {{68, 1, 84}, {65, 68, 135}, {42, 120, 142}, {34, 168, 132}, {122, 209, 81}, {253, 231, 37}}};
  const double place = std::clamp(share, 0.0, 1.0) * static_cast<double>(kStops.size() - 1);
  const auto low = std::min(static_cast<std::size_t>(place), kStops.size() - 2);
  const double part = place - static_cast<double>(low);
  const auto mix = [&](std::size_t c) {
    return static_cast<std::uint8_t>(
        std::lround(kStops[low][c] + part * (kStops[low + 1][c] - kStops[low][c])));
  };
  return {mix(0), mix(1), mix(2)};
}

std::optional<HeatMap> heat_map_of(const SweepFile& sweep, const SweepSummary& summary) {
  std::vector<std::size_t> several;
  for (std::size_t a = 0; a < sweep.axes.size(); ++a)
    if (sweep.axes[a].values.size() > 1) several.push_back(a);
  if (several.empty() || several.size() > 2) return std::nullopt;
  HeatMap map;
  map.title = sweep.name;
  const auto labels = [&](std::size_t axis) {
    std::vector<std::string> texts;
    for (const auto& value : sweep.axes[axis].values) texts.push_back(value.label);
    return texts;
  };
  map.rows = labels(several[0]);
  map.row_axis = sweep.axes[several[0]].name;
  const auto metric = short_metric(sweep.metrics.front().path) +
                      (evaluation_of(sweep.metrics.front().path).empty() ? "" : " on val");
  if (several.size() == 2) {
    map.columns = labels(several[1]);
    map.column_axis = sweep.axes[several[1]].name;
    map.title += ": " + metric;
  } else {
    map.columns = {metric};
  }
  for (const auto& line : summary.lines) {
    const auto& value = line.metrics.front();
    map.values.push_back(value ? std::optional(value->mean) : std::nullopt);
    map.without_value.emplace_back(line.failed > 0 ? "failed" : line.runs > 0 ? "-" : "");
  }
  map.chosen = summary.chosen;
  return map;
}

HeatMapGrid layout_of(const HeatMap& map) {
  HeatMapGrid at;
  auto left = map.rows;
  left.push_back(map.row_axis);
  at.left = kGap + widest(left) + kGap;
  const int line = text_height(kScale) + kGap;
  at.top = kGap + line + (map.column_axis.empty() ? 0 : line) + line;
  at.cell_width = std::max(kMinCellWidth, widest(map.columns) + kGap);
  at.cell_height = kCellHeight;
  return at;
}

Canvas draw(const HeatMap& map) {
  const auto at = layout_of(map);
  const auto rows = static_cast<int>(map.rows.size()),
             columns = static_cast<int>(map.columns.size());
  const auto range = range_of(map);
  const int right = at.left + columns * at.cell_width;
  const int bottom = at.top + rows * at.cell_height;
  const int bar_text = range.empty ? 0 : widest({value_text(range.low), value_text(range.high)});
  const int width = std::max(right + kGap + kBarWidth + 6 + bar_text + kGap,
                             kGap + text_width(map.title, kScale) + kGap);
  Canvas canvas(width, bottom + kGap, kWhite);
  canvas.text(kGap, kGap, map.title, kScale, kBlack);
  const int labels_y = at.top - text_height(kScale) - kGap / 2;
  canvas.text(kGap, labels_y, map.row_axis, kScale, kDark);
  if (!map.column_axis.empty())
    canvas.text(at.left, labels_y - text_height(kScale) - kGap, map.column_axis, kScale, kDark);
  for (int c = 0; c < columns; ++c)
    centred(canvas, at.left + c * at.cell_width, labels_y, at.cell_width, text_height(kScale),
            map.columns[static_cast<std::size_t>(c)], kBlack);
  for (int r = 0; r < rows; ++r)
    canvas.text(at.left - kGap - text_width(map.rows[static_cast<std::size_t>(r)], kScale),
                at.top + r * at.cell_height + (at.cell_height - text_height(kScale)) / 2,
                map.rows[static_cast<std::size_t>(r)], kScale, kBlack);
  for (std::size_t i = 0; i < map.values.size(); ++i) draw_cell(canvas, map, at, i, range);
  if (!range.empty) draw_bar(canvas, right + kGap, at.top, bottom - at.top, range);
  return canvas;
}

}  // namespace kith::host
