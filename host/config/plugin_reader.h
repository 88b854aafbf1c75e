// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config_node.h"
#include "config/load_experiment.h"
#include "config/plugin_use.h"
#include "config/problems.h"

namespace kith::host {

/// Reads the places of an experiment that name a plugin.
class PluginReader {
 public:
  /// @param folder  of the experiment, the nearest in the plugins' search path.
  PluginReader(const PluginCatalog& catalog, std::filesystem::path folder, Problems& problems);

  /// Reads "name" or { plugin = "name", option = value, ... } or { plugin = { file = "./my.so" },
  /// ... }.
  /// @param kind       the kind of plugin that is wanted here.
  /// @param path       dotted key of the node.
  /// @param host_keys  keys of the table that the caller reads itself.
  /// @returns          nothing if the plugin was not found; the problem is then noted. Where only
  /// options are wrong,
  ///                   they are noted and have their defaults.
  std::optional<PluginUse> read(const ConfigNode& node, const std::string& kind,
                                const std::string& path,
                                const std::vector<std::string>& host_keys = {});

  /// What the plugin declares, or null if it can't be found again.
  const PluginMetadata* metadata_of(const PluginUse& use) const;

 private:
  /// Kind wanted, where, and the rest of a table's reading that stays the same for its options.
  struct Place {
    std::string kind;
    std::string path;
    std::vector<std::string> host_keys;
    std::string fallback;  ///< plugin taken where the table names none; empty: required
    int depth = 0;
  };

  std::optional<PluginUse> read_at(const ConfigNode& node, const Place& place);
  std::optional<PluginUse> read_name(const ConfigNode& node, const Place& place);
  bool read_file_name(const ConfigNode& node, const Place& place, PluginUse& use);
  const PluginMetadata* find(const PluginUse& use, const Place& place, const SourcePlace& where);
  void read_options(const PluginMetadata& metadata, const ConfigNode& node, const Place& place,
                    PluginUse& use);
  OptionValue read_plugin_option(const OptionSpec& spec, const ConfigNode* node, const Place& place,
                                 const SourcePlace& owner);

  const PluginCatalog& catalog_;
  std::filesystem::path folder_;
  Problems& problems_;
};

}  // namespace kith::host
