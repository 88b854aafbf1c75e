// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/commands.h"
#include "model/plugin_shelf.h"
#include "plugin/nearest_name.h"
#include "plugin/plugin_text.h"

namespace kith::host {
namespace {

/// The plugin of any kind that a short name, an id or a file means.
const PluginRecord& find_any_kind(PluginRegistry& registry, const std::string& name) {
  if (name.find('/') != std::string::npos || name.ends_with(".so"))
    return registry.find_file("", name);
  std::vector<const PluginRecord*> found;
  std::vector<std::string> names;
  for (const auto* record : registry.records()) {
    names.push_back(record->metadata.name);
    if (record->metadata.name == name || record->metadata.id == name) found.push_back(record);
  }
  if (found.size() == 1) return *found[0];
  if (found.empty()) {
    const auto nearest = nearest_name(name, names);
    throw PluginError(
        "plugin: none is called '" + name + "'" +
        (nearest ? "; did you mean '" + *nearest + "'?" : "; kith plugin list shows all"));
  }
  std::string ids;
  for (const auto* record : found)
    ids += "\n  " + record->metadata.kind + " " + record->metadata.id;
  throw PluginError("plugin: '" + name + "' is ambiguous; name one by its id:" + ids);
}

}  // namespace

int plugin_list_command() {
  const PluginShelf shelf(std::filesystem::current_path());
  fmt::print("{}", list_text(shelf.registry()));
  return kExitOk;
}

int plugin_inspect_command(const std::string& name) {
  const PluginShelf shelf(std::filesystem::current_path());
  auto& registry = shelf.registry();
  fmt::print("{}", inspect_text(registry, find_any_kind(registry, name)));
  return kExitOk;
}

}  // namespace kith::host
