// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config_node.h"
#include "config/problems.h"

namespace kith::host {

/// Lays `upper` over `base`: tables merge key by key, lists and values replace. A table that names
/// another `plugin` than its base replaces it, with a warning that lists the options that go. A
/// table without `plugin` over the short form `loss = "nt_xent"` keeps that plugin.
/// @param path  dotted key of the tables, for warnings; empty for the root.
void merge(ConfigNode& base, ConfigNode upper, const std::string& path, Problems& problems);

/// The table { plugin = "name" } that the short form "name" stands for.
ConfigNode plugin_table(const ConfigNode& name);

/// The message where a table's plugin changes and its other entries go.
void warn_dropped_options(const ConfigNode& table, const ConfigNode& new_plugin,
                          const std::string& path, Problems& problems);

}  // namespace kith::host
