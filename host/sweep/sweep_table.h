// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sweep/summary.h"

namespace kith::host {

/// The table as CSV (RFC 4180): a line for each setting, every number to its last digit. Columns:
/// the axes, chosen, done, failed, then mean and std of each metric, of images_per_s, step_s,
/// peak_memory_bytes and, where a run was on a GPU, peak_device_memory_bytes, and the value of the
/// metric that the choice goes by for each seed.
std::string csv_table(const SweepFile& sweep, const SweepGrid& grid, const SweepSummary& summary,
                      const std::vector<CellOutcome>& outcomes);

/// The table as Markdown, for a person: mean ± standard deviation over the seeds, the chosen
/// setting in bold; below it what was chosen and how, every run of a sweep `with_rows`, and why
/// runs failed.
std::string markdown_table(const SweepFile& sweep, const SweepGrid& grid,
                           const SweepSummary& summary, const std::vector<CellOutcome>& outcomes);

}  // namespace kith::host
