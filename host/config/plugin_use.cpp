// SPDX-License-Identifier: Apache-2.0
#include "config/plugin_use.h"

#include <algorithm>

namespace kith::host {

namespace {

bool same_scalar(const OptionScalar& a, const OptionScalar& b) {
  if (a.index() != b.index()) return false;
  if (const Schedule* schedule = std::get_if<Schedule>(&a)) {
    const Schedule& other = std::get<Schedule>(b);
    return schedule->kind == other.kind && schedule->start == other.start &&
           schedule->end == other.end;
  }
  return std::visit(
      [&b](const auto& value) {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, Schedule>) {
          return false;
        } else {
          return value == std::get<Value>(b);
        }
      },
      a);
}

bool same_option(const OptionValue& a, const OptionValue& b) {
  if (a.name != b.name || a.type != b.type || a.is_list != b.is_list) return false;
  if ((a.plugin == nullptr) != (b.plugin == nullptr)) return false;
  if (a.plugin != nullptr && !same_settings(*a.plugin, *b.plugin)) return false;
  return std::equal(a.values.begin(), a.values.end(), b.values.begin(), b.values.end(),
                    same_scalar);
}

}  // namespace

std::string to_text(const SourcePlace& place) {
  if (place.file.empty()) return "default";
  if (place.line == 0) return place.file;
  return place.file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

const OptionValue* find_option(const PluginUse& plugin, std::string_view name) {
  for (const OptionValue& option : plugin.options) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

bool same_settings(const PluginUse& a, const PluginUse& b) {
  return a.kind == b.kind && a.id == b.id && a.probability == b.probability &&
         std::equal(a.options.begin(), a.options.end(), b.options.begin(), b.options.end(),
                    same_option);
}

}  // namespace kith::host
