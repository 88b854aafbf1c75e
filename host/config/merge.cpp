// SPDX-License-Identifier: Apache-2.0
#include "config/merge.h"

#include <utility>

namespace kith::host {

ConfigNode plugin_table(const ConfigNode& name) {
  ConfigNode table;
  table.kind = ConfigNode::Kind::kTable;
  table.key = name.key;
  table.where = name.where;
  table.key_where = name.key_where;
  table.folder = name.folder;
  ConfigNode entry = name;
  entry.key = "plugin";
  entry.key_where = name.where;
  table.items.push_back(std::move(entry));
  return table;
}

void warn_dropped_options(const ConfigNode& table, const ConfigNode& new_plugin,
                          const std::string& path, Problems& problems) {
  std::string dropped;
  for (const ConfigNode& item : table.items) {
    if (item.key == "plugin") continue;
    dropped += (dropped.empty() ? "'" : ", '") + item.key + "' (" + to_text(item.key_where) + ")";
  }
  if (dropped.empty()) return;
  problems.warn(
      path + ": another plugin is named here, so the options of the one before are dropped: " +
          dropped,
      new_plugin.where);
}

void merge(ConfigNode& base, ConfigNode upper, const std::string& path, Problems& problems) {
  if (base.is_text() && upper.is_table() && !path.empty() && upper.find("plugin") == nullptr) {
    base = plugin_table(base);
  }
  if (!base.is_table() || !upper.is_table()) {
    base = std::move(upper);
    return;
  }
  const ConfigNode* old_plugin = base.find("plugin");
  const ConfigNode* new_plugin = upper.find("plugin");
  if (old_plugin != nullptr && new_plugin != nullptr && !same_value(*old_plugin, *new_plugin)) {
    warn_dropped_options(base, *new_plugin, path, problems);
    base = std::move(upper);
    return;
  }
  base.where = upper.where;
  base.key_where = upper.key_where;
  for (ConfigNode& item : upper.items) {
    const std::string key = item.key;
    if (ConfigNode* existing = base.find(key)) {
      merge(*existing, std::move(item), join_keys(path, key), problems);
    } else {
      base.items.push_back(std::move(item));
    }
  }
}

}  // namespace kith::host
