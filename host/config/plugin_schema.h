// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/load_experiment.h"
#include "config/read_value.h"

namespace kith::host {

/// Keeps the order of the keys, which is the one that an editor offers them in.
using Json = nlohmann::ordered_json;

Json schema_of(const IntRange& range);
Json schema_of(const RealRange& range);
/// A choice among words.
Json schema_of(const std::vector<std::string>& words);

/// The option of a plugin: type, range, length, default, help with unit.
Json schema_of(const OptionSpec& spec);

/// What names a plugin of this kind, with the options of each that the catalog has.
/// @param host_keys  further keys of its table, by name.
Json plugin_schema(const PluginCatalog& catalog, const std::string& kind, const Json& host_keys);

}  // namespace kith::host
