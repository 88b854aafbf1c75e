// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/load_experiment.h"
#include "config/overrides.h"
#include "config/problems.h"

namespace kith::host {

/// load_experiment with values of another file, which are laid over the experiment's (overrides.h)
/// before the overrides come. [any thread]
/// @param problems  takes the mistakes, at the places where they were written.
/// @returns         nothing where there are mistakes.
std::optional<ResolvedExperiment> load_varied_experiment(const std::filesystem::path& path,
                                                         std::vector<Setting> settings,
                                                         const std::vector<std::string>& overrides,
                                                         const PluginCatalog& catalog,
                                                         Problems& problems);

}  // namespace kith::host
