// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "config/experiment.h"
#include "config/problems.h"
#include "config/table_reader.h"

namespace kith::host {

/// Reads the table [data]. A setting that the reader of the files does not use is warned of and has
/// its default.
DataConfig read_data(TableReader& root, Problems& problems);

/// Whether this reader uses the setting of [data] with this key.
bool uses(DataReader reader, std::string_view key);

}  // namespace kith::host
