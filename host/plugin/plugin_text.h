// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "plugin/registry.h"

namespace kith::host {

/// A value as TOML writes it: `0.1`, `"paper"`, `{ kind = "cosine", start = 0.99, end = 1.0 }`.
std::string toml_text(const OptionScalar& value);

/// An option's default as TOML writes it; a list in brackets.
std::string default_text(const OptionSpec& option);

/// "real in [0.0001, 10000]", "one of paper, code", "list of 2 reals in [0, 1]", "plugin of kind
/// loss", ...
std::string type_text(const OptionSpec& option);

/// What `kith plugin list` prints: a line for each plugin, by kind, then the files that cannot be
/// used with the reason.
std::string list_text(const PluginRegistry& registry);

/// What `kith plugin inspect` prints: everything that the file says, read without loading it, and
/// whether this host would load it (the checks that run none of its code).
std::string inspect_text(const PluginRegistry& registry, const PluginRecord& record);

}  // namespace kith::host
