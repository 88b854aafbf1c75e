// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sweep/cells.h"

namespace kith::host {

/// Mean and standard deviation over the seeds that are done.
struct Statistic {
  std::int64_t n = 0;
  double mean = 0;
  std::optional<double> deviation;  ///< of the sample, with n - 1; none for n = 1
};

/// @returns  nothing for no values.
std::optional<Statistic> statistic_of(const std::vector<double>& values);

/// The rows of an evaluation's table, as run.h5 names them.
inline constexpr std::array<const char*, 3> kEvaluationRows{"pixels", "untrained", "trained"};

/// A metric of the table and what of it is shown.
struct SweepColumn {
  std::string metric;  ///< place below /metrics of run.h5
  bool test = false;   ///< on test, which a choice never looks at
};

/// A line of the table.
struct SweepLine {
  std::size_t point = 0;
  std::int64_t runs = 0;                          ///< 0: a case leaves it out
  std::int64_t done = 0, failed = 0;              ///< of these
  std::vector<std::optional<Statistic>> metrics;  ///< by column; none: nothing to show
  std::optional<Statistic> images_per_s, step_s, peak_memory_bytes, peak_device_memory_bytes;
};

struct SweepSummary {
  std::vector<SweepColumn> columns;
  std::vector<SweepLine> lines;  ///< by point
  std::int64_t done = 0, failed = 0;
  std::int64_t runs = 0;
  bool on_device = false;  ///< some run was on a GPU
  /// The setting with the best mean on val among those of which every run is done; none while any
  /// run waits.
  std::optional<std::size_t> chosen;
};

SweepSummary summarise(const SweepFile& sweep, const SweepGrid& grid,
                       const std::vector<CellOutcome>& outcomes);

/// A run that is done without a metric of the table has failed: sets its error, which lists those
/// that there are.
void check_metrics(const SweepFile& sweep, std::vector<CellOutcome>& outcomes);

}  // namespace kith::host
