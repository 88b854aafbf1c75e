// SPDX-License-Identifier: Apache-2.0
#include "config/toml_writer.h"

#include <cstdio>

#include "config/number_text.h"

namespace kith::host {

namespace {

template <class Range, class Write>
std::string list_of(const Range& values, const Write& write) {
  std::string text = "[";
  for (const auto& value : values) text += (text.size() == 1 ? "" : ", ") + write(value);
  return text + "]";
}

std::string toml_schedule(const Schedule& schedule) {
  if (schedule.kind == "constant") return toml_float(schedule.start);
  return "{ kind = " + toml_string(schedule.kind) + ", start = " + toml_float(schedule.start) +
         ", end = " + toml_float(schedule.end) + " }";
}

std::string toml_scalar(const OptionScalar& scalar) {
  if (const bool* boolean = std::get_if<bool>(&scalar)) return *boolean ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&scalar)) return std::to_string(*integer);
  if (const double* real = std::get_if<double>(&scalar)) return toml_float(*real);
  if (const auto* text = std::get_if<std::string>(&scalar)) return toml_string(*text);
  return toml_schedule(std::get<Schedule>(scalar));
}

/// An option without a value is one whose default is no plugin: nothing is written.
bool is_written(const OptionValue& option) {
  return option.type != OptionType::kPlugin || option.plugin != nullptr;
}

}  // namespace

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04X", byte);
      result += escape;
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string toml_key(const std::string& key) {
  constexpr const char* kBare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return !key.empty() && key.find_first_not_of(kBare) == std::string::npos ? key : toml_string(key);
}

std::string toml_strings(const std::vector<std::string>& texts) {
  return list_of(texts, [](const std::string& text) { return toml_string(text); });
}

std::string toml_floats(const std::vector<double>& numbers) { return list_of(numbers, toml_float); }

std::string toml_integers(const std::vector<std::int64_t>& integers) {
  return list_of(integers, [](std::int64_t integer) { return std::to_string(integer); });
}

std::string toml_option(const OptionValue& option) {
  if (option.plugin != nullptr) return toml_inline_plugin(*option.plugin, false);
  if (option.is_list) return list_of(option.values, toml_scalar);
  return option.values.empty() ? "\"\"" : toml_scalar(option.values.front());
}

std::string toml_reference(const PluginUse& plugin) {
  if (plugin.is_file) return "{ file = " + toml_string(plugin.reference) + " }";
  return toml_string(plugin.id);
}

std::string toml_inline_plugin(const PluginUse& plugin, bool with_probability) {
  std::string text = "{ plugin = " + toml_reference(plugin);
  if (with_probability) text += ", probability = " + toml_float(plugin.probability);
  for (const OptionValue& option : plugin.options) {
    if (is_written(option)) text += ", " + toml_key(option.name) + " = " + toml_option(option);
  }
  return text + " }";
}

std::string toml_plugin_lines(const PluginUse& plugin) {
  std::string text = "plugin = " + toml_reference(plugin) + "\n";
  for (const OptionValue& option : plugin.options) {
    if (is_written(option)) text += toml_key(option.name) + " = " + toml_option(option) + "\n";
  }
  return text;
}

}  // namespace kith::host
