// SPDX-License-Identifier: Apache-2.0
#include "config/option_reader.h"
#include "config/toml_writer.h"
#include "harness/plugin_access.h"

namespace kith::harness {
namespace {

using host::OptionScalar;
using host::OptionSpec;
using host::OptionType;

/// Values of one item of the option: the ends of its range, or all that it may be.
std::vector<OptionScalar> end_values(const OptionSpec& spec) {
  std::vector<OptionScalar> values;
  switch (spec.type) {
    case OptionType::kBool:
      return {false, true};
    case OptionType::kInt:
    case OptionType::kReal:
      if (spec.min) values.push_back(*spec.min);
      if (spec.max) values.push_back(*spec.max);
      return values;
    case OptionType::kSchedule:
      for (const auto& end : {spec.min, spec.max})
        if (end)
          values.push_back(
              host::Schedule{"constant", std::get<double>(*end), std::get<double>(*end)});
      return values;
    case OptionType::kChoice:
      return {spec.choices.begin(), spec.choices.end()};
    default:  // of texts, paths and plugins nobody knows the ends
      return {};
  }
}

std::string table_with(const host::PluginMetadata& plugin, const OptionSpec& spec,
                       std::vector<OptionScalar> values) {
  auto option = host::default_value(spec, {});
  option.values = std::move(values);
  return "plugin = " + host::toml_string(plugin.id) + ", " + host::toml_key(spec.name) + " = " +
         host::toml_option(option);
}

bool chooses(const OptionSpec& spec) {
  return !spec.is_list && (spec.type == OptionType::kChoice || spec.type == OptionType::kBool);
}

}  // namespace

std::vector<std::string> tables_at_choices(const host::PluginMetadata& plugin) {
  std::vector<std::string> tables;
  for (const auto& spec : plugin.options) {
    if (!chooses(spec)) continue;
    for (const auto& value : end_values(spec)) tables.push_back(table_with(plugin, spec, {value}));
  }
  return tables;
}

std::map<std::string, std::vector<std::string>> tables_inside(const host::PluginMetadata& plugin) {
  std::map<std::string, std::vector<std::string>> tables;
  for (const auto& spec : plugin.options) {
    if (spec.type != OptionType::kInt || spec.is_list || !spec.min || !spec.max) continue;
    const auto least = std::get<std::int64_t>(*spec.min), most = std::get<std::int64_t>(*spec.max);
    const auto add = [&](std::int64_t end, std::int64_t value) {
      tables[table_with(plugin, spec, {end})].push_back(table_with(plugin, spec, {value}));
    };
    for (auto value = std::max<std::int64_t>(least + 1, 1); value < most; value *= 2)
      add(least, value);
    for (auto value = most / 2; value > least && value > 0; value /= 2) add(most, value);
  }
  return tables;
}

std::vector<std::string> tables_at_ends(const host::PluginMetadata& plugin) {
  std::vector<std::string> tables;
  const auto add = [&](const OptionSpec& spec, std::vector<OptionScalar> values) {
    tables.push_back(table_with(plugin, spec, std::move(values)));
  };
  for (const auto& spec : plugin.options) {
    for (const auto& end : end_values(spec)) {
      if (!spec.is_list) {
        add(spec, {end});
        continue;
      }
      const auto shortest = std::max<std::uint32_t>(spec.min_length, 1);
      add(spec, std::vector<OptionScalar>(shortest, end));
      if (spec.max_length > shortest) add(spec, std::vector<OptionScalar>(spec.max_length, end));
    }
  }
  return tables;
}

}  // namespace kith::harness
