// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sweep/summary.h"

namespace kith::host {

/// A number with `count` digits behind the point.
std::string digits(double value, int count);

/// A line of a Markdown table.
std::string markdown_line(const std::vector<std::string>& fields);

/// The titles of a table and the line below them: the first `words` columns are words, to the left,
/// the others numbers, to the right.
std::string markdown_head(const std::vector<std::string>& titles, std::size_t words);

/// "0.8412", "0.8412 ± 0.0031", or "" for none.
std::string statistic_text(const std::optional<Statistic>& statistic);

/// The mean alone, times `factor`, or "" for none.
std::string mean_text(const std::optional<Statistic>& statistic, double factor = 1);

/// "3", "2, 1 failed": the runs of a setting.
std::string runs_text(const SweepLine& line);

}  // namespace kith::host
