// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sweep/summary.h"

namespace kith::host {

/// The Markdown table of every run of a sweep `with_rows`: a line for each setting and seed that is
/// done, a column for each metric that the file names; in a cell the trained encoder's number and,
/// in parentheses, by how much it is above the same encoder untrained, "plain / centred". Empty
/// where no setting has two runs.
std::string each_run_table(const SweepFile& sweep, const SweepGrid& grid,
                           const SweepSummary& summary, const std::vector<CellOutcome>& outcomes);

}  // namespace kith::host
