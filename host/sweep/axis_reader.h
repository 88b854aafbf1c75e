// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/table_reader.h"
#include "sweep/sweep_file.h"

namespace kith::host {

/// Reads the list [[axis]].
/// @param small             takes `small_values` where an axis has them.
/// @param has_experiment    the sweep names an experiment, so that values need not.
std::vector<SweepAxis> read_axes(TableReader& root, bool small, bool has_experiment,
                                 Problems& problems);

/// Reads a table of settings, whose keys are dotted ("optimizer.base_lr", "views.0.size") or
/// nested.
std::vector<Setting> read_settings(TableReader& table, const std::string& key, Problems& problems);

/// Notes keys that a sweep sets itself: seed, extends, data.read_test.
void check_own_keys(const Setting& setting, const std::string& path, Problems& problems);

/// The key `experiment` of a table: a path, absolute.
std::optional<std::filesystem::path> read_experiment_path(TableReader& table, Problems& problems);

}  // namespace kith::host
