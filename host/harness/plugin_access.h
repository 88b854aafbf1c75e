// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/harness.hpp>
#include <map>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "model/plugin_object.h"

namespace kith::harness {

/// The plugin of a kind that a table names, found, checked and loaded as the program does it, with
/// its options.
/// @throws ConfigError, PluginError
host::PluginObjectPtr load_plugin(const std::string& kind, const std::string& table);

/// [train], [optimizer] and [schedule] of the settings; all else of the experiment has its
/// defaults.
/// @throws ConfigError
host::Experiment training_tables(const Settings& settings);

/// See Plugin::tables_at_ends, tables_inside and tables_at_choices.
std::vector<std::string> tables_at_ends(const host::PluginMetadata& plugin);
std::map<std::string, std::vector<std::string>> tables_inside(const host::PluginMetadata& plugin);
std::vector<std::string> tables_at_choices(const host::PluginMetadata& plugin);

}  // namespace kith::harness
