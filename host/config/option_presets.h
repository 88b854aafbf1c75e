// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/config_node.h"
#include "config/plugin_use.h"
#include "config/problems.h"

namespace kith::host {

/// Gives options the values that a choice option stands for (OptionSpec::presets): `statistics =
/// "cifar10"` becomes `mean = [...]` and `std = [...]`, and `statistics` its first word. What has
/// yet to be measured gets OptionValue::measured. An option that is written beside such a word is
/// noted as a problem.
/// @param node  what was written for the plugin.
/// @param path  its dotted key.
void apply_presets(const PluginMetadata& metadata, const ConfigNode& node, const std::string& path,
                   PluginUse& use, Problems& problems);

}  // namespace kith::host
