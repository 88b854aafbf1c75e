// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/commands.h"
#include "model/plugin_shelf.h"
#include "plugin/plugin_text.h"

namespace kith::host {
int plugin_list_command() {
  const PluginShelf shelf(std::filesystem::current_path());
  fmt::print("{}", list_text(shelf.registry()));
  return kExitOk;
}

int plugin_inspect_command(const std::string& name) {
  const PluginShelf shelf(std::filesystem::current_path());
  auto& registry = shelf.registry();
  fmt::print("{}", inspect_text(registry, registry.find_of_any_kind(name)));
  return kExitOk;
}

}  // namespace kith::host
