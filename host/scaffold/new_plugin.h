// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace kith::host {

/// The kinds of plugins that can be begun, sorted.
const std::vector<std::string>& plugin_kinds();

/// Writes NAME.cpp, README.md and meson.build of a small plugin of a kind, which builds and holds
/// all checks of its kind as it is.
///
/// @param kind    "loss", ...
/// @param name    the short name: small letters, digits and underscores
/// @param folder  made; must not exist, or be empty
/// @returns       the files' names.
/// @throws kith::ConfigError  for an unknown kind, a name that is none, a folder that holds
///                            something; kith::Error if a file cannot be written.
std::vector<std::string> write_new_plugin(const std::string& kind, const std::string& name,
                                          const std::filesystem::path& folder);

/// "MyLoss" of "my_loss".
std::string class_name(const std::string& name);

}  // namespace kith::host
