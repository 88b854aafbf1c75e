// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/plugin_use.h"

namespace kith::host {

// TOML values as text, each on one line.

/// In double quotes, with what TOML can't hold plainly escaped.
std::string toml_string(std::string_view text);
/// Bare where TOML allows it, else in quotes.
std::string toml_key(const std::string& key);
std::string toml_strings(const std::vector<std::string>& texts);
std::string toml_floats(const std::vector<double>& numbers);
std::string toml_integers(const std::vector<std::int64_t>& integers);
/// An option's value; of a plugin an inline table with the plugin and all of its options.
std::string toml_option(const OptionValue& option);
/// `"org.kith.flip"`, or `{ file = "/path/my.so" }`.
std::string toml_reference(const PluginUse& plugin);
/// `{ plugin = "org.kith.flip", probability = 0.5, ... }`.
/// @param with_probability  for augmentations.
std::string toml_inline_plugin(const PluginUse& plugin, bool with_probability);
/// The lines `plugin = ...` and `option = value` of a table.
std::string toml_plugin_lines(const PluginUse& plugin);

}  // namespace kith::host
