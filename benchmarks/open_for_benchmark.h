// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/plugin_object.h"

namespace kith::benchmarks {

using OptionSettings = std::map<std::string, std::vector<host::OptionScalar>>;

/// Opens a plugin of the build folder ("plugins/losses/nt_xent.so") as the host does, without its
/// first-time trial. Options that are not given have their defaults; `plugins`: those that options
/// name.
host::PluginObjectPtr open_for_benchmark(const std::string& file, const OptionSettings& settings,
                                         std::map<std::string, host::PluginObjectPtr> plugins = {});

}  // namespace kith::benchmarks
