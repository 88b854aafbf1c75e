// SPDX-License-Identifier: Apache-2.0
#include "sweep/row_places.h"

#include <algorithm>

#include "sweep/metric_name.h"

namespace kith::host {

bool RowPlaces::is_on_test(const std::string& path) const {
  const auto test = on_test(path);
  return test && sweep_.report_test == TestReport::kAll &&
         std::ranges::any_of(summary_.columns,
                             [&](const SweepColumn& column) { return column.metric == *test; });
}

std::string RowPlaces::title(const std::string& path) const {
  if (evaluation_of(path).empty()) return path;
  return short_metric(path) + (is_on_test(path) ? " (test)" : " (val)");
}

std::string RowPlaces::place(const std::string& path, const std::string& row, bool centred) const {
  const auto on_val = of_row(path, row, centred);
  if (!on_val) return row == "trained" && !centred ? path : "";
  return is_on_test(path) ? *on_test(*on_val) : *on_val;
}

}  // namespace kith::host
