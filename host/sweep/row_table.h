// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sweep/summary.h"

namespace kith::host {

/// The Markdown table of a sweep `with_rows`: for each setting a line for raw pixels, the untrained
/// and the trained encoder, a column for each metric that the file names, in a cell "plain /
/// centred". On test where the table has that of all settings, else on val. A row beside the
/// trained one whose numbers are the same for all settings stands once, at the top; so do raw
/// pixels that only some settings have, where all are of one data set.
std::string row_table(const SweepFile& sweep, const SweepGrid& grid, const SweepSummary& summary);

}  // namespace kith::host
