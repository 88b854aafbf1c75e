// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "config/config_node.h"
#include "config/plugin_use.h"
#include "config/problems.h"

namespace kith::host {

/// The option's default, at the place "default". Paths are taken relative to `folder`.
OptionValue default_value(const OptionSpec& spec, const std::filesystem::path& folder);

/// Checks a written value against what the plugin declares: type, range, choices, length. Not for
/// OptionType::kPlugin.
/// @param path  dotted key of the option.
/// @returns     nothing if it does not fit; the problems (one for each wrong item of a list) are
/// then noted.
std::optional<OptionValue> read_option(const OptionSpec& spec, const ConfigNode& node,
                                       const std::string& path, Problems& problems);

}  // namespace kith::host
