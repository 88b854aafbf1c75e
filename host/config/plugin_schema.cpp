// SPDX-License-Identifier: Apache-2.0
#include "config/plugin_schema.h"

#include <cmath>
#include <kith/error.hpp>
#include <utility>

namespace kith::host {

namespace {

Json json_of(const OptionScalar& scalar) {
  if (const Schedule* schedule = std::get_if<Schedule>(&scalar)) {
    if (schedule->kind == "constant") return schedule->start;
    return {{"kind", schedule->kind}, {"start", schedule->start}, {"end", schedule->end}};
  }
  return std::visit(
      [](const auto& value) -> Json {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, Schedule>) {
          return nullptr;
        } else {
          return value;
        }
      },
      scalar);
}

/// Adds the ends of the option's range.
void add_range(const OptionSpec& spec, Json& schema) {
  if (spec.min) schema["minimum"] = json_of(*spec.min);
  if (spec.max) schema["maximum"] = json_of(*spec.max);
}

Json number_schema(const OptionSpec& spec, const char* type) {
  Json schema = {{"type", type}};
  add_range(spec, schema);
  return schema;
}

Json schedule_schema(const OptionSpec& spec) {
  const Json number = number_schema(spec, "number");
  const Json table = {
      {"type", "object"},
      {"properties",
       {{"kind", schema_of(std::vector<std::string>{"constant", "cosine", "linear"})},
        {"start", number},
        {"end", number}}},
      {"required", {"kind", "start"}},
      {"additionalProperties", false}};
  return {{"anyOf", {number, table}}};
}

/// A plugin of the kind; without the key 'plugin' the options are those of the default plugin.
Json nested_plugin_schema(const OptionSpec& spec) {
  const Json of_default = {{"type", "object"}, {"not", {{"required", {"plugin"}}}}};
  return {{"anyOf", {{{"$ref", "#/$defs/" + spec.plugin_kind}}, of_default}}};
}

Json item_schema(const OptionSpec& spec) {
  switch (spec.type) {
    case OptionType::kBool:
      return {{"type", "boolean"}};
    case OptionType::kInt:
      return number_schema(spec, "integer");
    case OptionType::kReal:
      return number_schema(spec, "number");
    case OptionType::kString:
    case OptionType::kPath:
      return {{"type", "string"}};
    case OptionType::kChoice:
      return schema_of(spec.choices);
    case OptionType::kPlugin:
      return nested_plugin_schema(spec);
    case OptionType::kSchedule:
      return schedule_schema(spec);
  }
  return Json::object();
}

Json one_plugin_schema(const PluginMetadata& plugin, const Json& host_keys) {
  Json properties = {
      {"plugin", {{"enum", {plugin.name, plugin.id}}, {"description", plugin.summary}}}};
  properties.update(host_keys);
  for (const OptionSpec& spec : plugin.options) properties[spec.name] = schema_of(spec);
  return {{"type", "object"},
          {"title", plugin.name},
          {"description", plugin.summary},
          {"properties", std::move(properties)},
          {"required", {"plugin"}},
          {"additionalProperties", false}};
}

/// A plugin named by its file: its options are not known here.
Json file_plugin_schema() {
  const Json file = {{"type", "object"},
                     {"properties", {{"file", {{"type", "string"}}}}},
                     {"required", {"file"}},
                     {"additionalProperties", false}};
  return {{"type", "object"},
          {"title", "a plugin's file"},
          {"properties", {{"plugin", file}}},
          {"required", {"plugin"}}};
}

}  // namespace

Json schema_of(const IntRange& range) {
  Json schema = {{"type", "integer"}};
  if (range.low != IntRange{}.low) schema["minimum"] = range.low;
  if (range.high != IntRange{}.high) schema["maximum"] = range.high;
  return schema;
}

Json schema_of(const RealRange& range) {
  Json schema = {{"type", "number"}};
  if (std::isfinite(range.low)) {
    schema[range.low_open ? "exclusiveMinimum" : "minimum"] = range.low;
  }
  if (std::isfinite(range.high)) {
    schema[range.high_open ? "exclusiveMaximum" : "maximum"] = range.high;
  }
  return schema;
}

Json schema_of(const std::vector<std::string>& words) { return {{"enum", words}}; }

Json schema_of(const OptionSpec& spec) {
  Json schema = item_schema(spec);
  if (spec.is_list) {
    schema = {{"type", "array"}, {"items", std::move(schema)}, {"minItems", spec.min_length}};
    if (spec.max_length > 0) schema["maxItems"] = spec.max_length;
    schema["default"] = Json::array();
    for (const OptionScalar& value : spec.defaults) schema["default"].push_back(json_of(value));
  } else if (!spec.defaults.empty()) {
    schema["default"] = json_of(spec.defaults.front());
  }
  std::string text = spec.help;
  if (!spec.unit.empty()) text += (text.empty() ? "in " : ", in ") + spec.unit;
  if (!text.empty()) schema["description"] = text;
  return schema;
}

Json plugin_schema(const PluginCatalog& catalog, const std::string& kind, const Json& host_keys) {
  Json short_names = Json::array();
  Json choices = Json::array();
  for (const std::string& name : catalog.names(kind)) {
    const PluginMetadata* plugin = nullptr;
    try {
      plugin = catalog.find(kind, name, {});
    } catch (const Error&) {
      continue;  // a plugin that can't be used now is no suggestion; a run that names it says why
    }
    if (plugin == nullptr) continue;
    short_names.push_back(plugin->name);
    short_names.push_back(plugin->id);
    choices.push_back(one_plugin_schema(*plugin, host_keys));
  }
  if (!short_names.empty()) choices.push_back({{"enum", std::move(short_names)}});
  choices.push_back(file_plugin_schema());
  return {{"anyOf", std::move(choices)}};
}

}  // namespace kith::host
