// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sweep/canvas.h"
#include "sweep/summary.h"

namespace kith::host {

/// Where the cells of a heat map are, in px.
struct HeatMapGrid {
  int left = 0, top = 0;  ///< of the first cell
  int cell_width = 0, cell_height = 0;
};

/// A table of numbers that is shown as colours.
struct HeatMap {
  std::string title, row_axis, column_axis;
  std::vector<std::string> rows, columns;  ///< labels
  /// [rows x columns], row by row: the number, or why there is none ("failed", "-", or "" for a
  /// cell that is left out).
  std::vector<std::optional<double>> values;
  std::vector<std::string> without_value;
  std::optional<std::size_t> chosen;  ///< gets a frame
};

/// The means of the metric that a sweep chooses by, over its one or two axes with more than one
/// value: the first goes down, the second across.
/// @returns  nothing if more axes have several values, or none has.
std::optional<HeatMap> heat_map_of(const SweepFile& sweep, const SweepSummary& summary);

/// Dark blue is the smallest number, yellow the largest; each cell has its number as text as well.
Canvas draw(const HeatMap& map);
HeatMapGrid layout_of(const HeatMap& map);

/// The colour of a number: 0 the smallest, 1 the largest.
Colour heat_colour(double share);

}  // namespace kith::host
