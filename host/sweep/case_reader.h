// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "config/table_reader.h"
#include "sweep/sweep_file.h"

namespace kith::host {

/// Reads the list [[case]]: what holds for some cells of the axes alone.
std::vector<SweepCase> read_cases(TableReader& root, const std::vector<SweepAxis>& axes,
                                  Problems& problems);

}  // namespace kith::host
