// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "store/checkpoint.h"
#include "store/run_folder.h"
#include "train/threads.h"

namespace kith::host {

/// Refuses `--set key=value` of a run that goes on, unless the key is a place or changes no number.
/// @throws ConfigError with the key and those that may change.
void check_resume_overrides(const std::vector<std::string>& overrides);

/// Refuses settings that are not those that the run began with, but for the same exceptions.
/// @param began_with  resolved TOML, as run.h5 keeps it.
/// @param now         resolved TOML of `file` and the overrides.
/// @param extended    the run's end may be another.
/// @throws ConfigError with a line for each setting: "optimizer.base_lr: 0.1, now 0.2".
void check_resume_settings(const std::string& began_with, const std::string& now,
                           const std::filesystem::path& file, bool extended = false);

/// Refuses to extend a run without a checkpoint to go on from, one whose newest checkpoint is not
/// of its end, and a cell of a sweep, whose table would have another run.
/// @param finished_epochs  of a run that is finished; else 0.
/// @throws DataError with the place.
void check_extendable(const RunFolder& folder, const std::optional<Checkpoint>& newest,
                      std::int64_t finished_epochs);

/// @param began_with, now  plugin_lines, each with a line break.
/// @throws PluginError with both if they differ.
void check_resume_plugins(const std::string& began_with, const std::string& now);

/// @param began_with, now  Assembly::data_identity.
/// @param data             the data set's place, for the text.
/// @throws DataError if they differ.
void check_resume_data(const std::string& began_with, const std::string& now,
                       const std::filesystem::path& data);

/// The threads of a run that goes on: as many tensor threads as it began with, for another count
/// adds in another order and gives other numbers; the loader's as the run had them, at most those
/// that are left, or as `overrides` (of the command line) set them. `warning` is set where there
/// are fewer cores than the run began with.
/// @throws ConfigError if overrides set more loader threads than are left.
Threads resume_threads(const TrainConfig& train, const std::vector<std::string>& overrides,
                       std::int64_t cores, std::string& warning);

}  // namespace kith::host
