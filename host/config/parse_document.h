// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/config_node.h"
#include "config/problems.h"

namespace kith::host {

/// Reads TOML text into a table.
/// @param name    how to name the text in messages: the path as a person gave it.
/// @param folder  absolute; what paths in the text are relative to.
/// @returns       nothing if the text is not TOML; the problem is then noted with line and column.
std::optional<ConfigNode> parse_document(const std::string& text, const std::string& name,
                                         const std::filesystem::path& folder, Problems& problems);

/// Reads the value of an override: TOML's syntax, else the text itself if it can't be meant as
/// anything but a word.
/// @param place  of the override; every value in it gets this place.
/// @returns      nothing if it is neither; the problem is then noted.
std::optional<ConfigNode> parse_override_value(const std::string& text, const SourcePlace& place,
                                               const std::filesystem::path& folder,
                                               Problems& problems);

/// A run's settings, which kith wrote.
/// @param name  of the text, for errors. @throws ConfigError if it is no TOML.
ConfigNode parse_settings(const std::string& text, const std::string& name);

}  // namespace kith::host
