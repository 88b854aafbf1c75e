// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "train/threads.h"

namespace kith::host {

/// Refuses `--set key=value` of a run that goes on, unless the key is a place or changes no number.
/// @throws ConfigError with the key and those that may change.
void check_resume_overrides(const std::vector<std::string>& overrides);

/// The threads of a run that goes on: as many tensor threads as it began with, for another count
/// adds in another order and gives other numbers; the loader's as they are set, at most those that
/// are left. `warning` is set where the cores are fewer than the tensor threads.
Threads resume_threads(const TrainConfig& train, std::int64_t cores, std::string& warning);

}  // namespace kith::host
