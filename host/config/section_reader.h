// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "config/experiment.h"
#include "config/problems.h"
#include "config/table_reader.h"

namespace kith::host {

// Each reads one table of the experiment that names no plugin. `root` is the reader of the whole
// file.

TrainConfig read_train(TableReader& root);
GuardsConfig read_guards(TableReader& root);
/// None where the table was not written.
std::optional<OnlineProbeConfig> read_online_probe(TableReader& root);
/// A setting that the kind of optimiser does not use is warned of and has its default.
OptimizerConfig read_optimizer(TableReader& root, Problems& problems);
/// Settings that the kind does not use: as for the optimiser.
/// @param epochs  of the run, the end of the schedule; nothing where that is wrong itself.
ScheduleConfig read_schedule(TableReader& root, std::optional<std::int64_t> epochs,
                             Problems& problems);

/// Whether this kind of optimiser, or of schedule, uses the setting with this key.
bool uses(OptimizerKind kind, std::string_view key);
bool uses(ScheduleKind kind, std::string_view key);

}  // namespace kith::host
