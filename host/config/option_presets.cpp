// SPDX-License-Identifier: Apache-2.0
#include "config/option_presets.h"

#include <algorithm>
#include <set>

namespace kith::host {

namespace {

OptionValue* find(PluginUse& use, const std::string& name) {
  const auto found = std::find_if(use.options.begin(), use.options.end(),
                                  [&](const OptionValue& option) { return option.name == name; });
  return found == use.options.end() ? nullptr : &*found;
}

/// The preset of the option for the word that its choice option has, or null.
const OptionPreset* preset_in_force(const OptionSpec& spec, PluginUse& use) {
  for (const OptionPreset& preset : spec.presets) {
    const OptionValue* choice = find(use, preset.option);
    if (choice != nullptr && std::get<std::string>(choice->values.at(0)) == preset.word)
      return &preset;
  }
  return nullptr;
}

}  // namespace

void apply_presets(const PluginMetadata& metadata, const ConfigNode& node, const std::string& path,
                   PluginUse& use, Problems& problems) {
  std::set<std::string> resolved;
  for (const OptionSpec& spec : metadata.options) {
    const OptionPreset* preset = preset_in_force(spec, use);
    OptionValue* value = find(use, spec.name);
    if (preset == nullptr || value == nullptr) continue;
    resolved.insert(preset->option);
    if (const ConfigNode* written = node.is_table() ? node.find(spec.name) : nullptr) {
      problems.add(join_keys(path, spec.name) + ": is set by " + preset->option + " = \"" +
                       preset->word + "\"; leave one of the two out",
                   written->where);
    }
    if (!preset->measured.empty()) {
      value->measured = preset->measured;
      value->measured_min = std::get<double>(*spec.min);
      value->measured_max = std::get<double>(*spec.max);
    }
    if (!preset->values.empty()) value->values = preset->values;
  }
  for (const OptionSpec& spec : metadata.options) {
    if (!resolved.contains(spec.name)) continue;
    find(use, spec.name)->values = {spec.choices.at(0)};
  }
}

}  // namespace kith::host
