// SPDX-License-Identifier: Apache-2.0
#include "plugin/plugin_text.h"

#include <algorithm>
#include <charconv>

namespace kith::host {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string number_text(double value) {
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  std::string out(buffer, end);
  // A TOML float has a point or an exponent.
  if (out.find_first_of(".en") == std::string::npos) out += ".0";
  return out;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

/// Characters of UTF-8 text.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

/// Left-aligned columns, two blanks between them.
std::string columns(const Rows& rows, const std::string& indent) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], width(row[i]));
    }
  std::string out;
  for (const auto& row : rows) {
    std::string line = indent;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line += std::string(widths[i] - width(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string range_text(const OptionSpec& o) {
  if (!o.min || !o.max) return {};
  std::string low = toml_text(*o.min), high = toml_text(*o.max);
  return " in [" + low + ", " + high + "]";
}

std::string joined(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + item;
  return out.empty() ? "none" : out;
}

const char* type_name(OptionType type) {
  switch (type) {
    case OptionType::kBool:
      return "boolean";
    case OptionType::kInt:
      return "integer";
    case OptionType::kReal:
      return "real";
    case OptionType::kString:
      return "text";
    case OptionType::kChoice:
      return "choice";
    case OptionType::kPath:
      return "path";
    case OptionType::kPlugin:
      return "plugin";
    case OptionType::kSchedule:
      return "schedule";
  }
  return "unknown";
}

std::string values_text(const std::vector<OptionScalar>& values) {
  std::string out;
  for (const OptionScalar& value : values) out += (out.empty() ? "" : ", ") + toml_text(value);
  return "[" + out + "]";
}

std::string options_text(const PluginMetadata& m) {
  if (m.options.empty()) return "options: none\n";
  Rows rows{{"name", "default", "type", "unit", "meaning"}};
  for (const OptionSpec& o : m.options)
    rows.push_back({o.name, default_text(o), type_text(o), o.unit, o.help});
  Rows presets;
  for (const OptionSpec& o : m.options)
    for (const OptionPreset& p : o.presets)
      presets.push_back({p.option + " = " + quoted(p.word), "sets " + o.name + " to",
                         p.measured.empty() ? values_text(p.values) : "train's " + p.measured});
  std::string out = "options:\n" + columns(rows, "  ");
  if (!presets.empty()) out += "words that set other options:\n" + columns(presets, "  ");
  return out;
}

std::string facts_text(const PluginMetadata& m) {
  if (m.facts.empty()) return {};
  Rows rows;
  for (const Fact& f : m.facts) rows.push_back({f.group, f.name, f.value, f.flags});
  return "declares:\n" + columns(rows, "  ");
}

std::string operators_text(const PluginMetadata& m) {
  if (m.operators.empty()) return "operators: none\n";
  std::vector<std::string> required, optional;
  for (const OperatorUse& use : m.operators)
    (use.required ? required : optional).push_back(use.name);
  std::sort(required.begin(), required.end());
  std::sort(optional.begin(), optional.end());
  std::string out = "operators: " + joined(required) + "\n";
  if (!optional.empty()) out += "operators that it can do without: " + joined(optional) + "\n";
  return out;
}

}  // namespace

std::string toml_text(const OptionScalar& value) {
  struct Writer {
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const { return number_text(v); }
    std::string operator()(const std::string& v) const { return quoted(v); }
    std::string operator()(const Schedule& v) const {
      if (v.kind == "constant") return number_text(v.start);
      return "{ kind = " + quoted(v.kind) + ", start = " + number_text(v.start) +
             ", end = " + number_text(v.end) + " }";
    }
  };
  return std::visit(Writer{}, value);
}

std::string default_text(const OptionSpec& option) {
  if (!option.is_list) return option.defaults.empty() ? "" : toml_text(option.defaults.front());
  return values_text(option.defaults);
}

std::string type_text(const OptionSpec& o) {
  std::string one = type_name(o.type) + range_text(o);
  if (o.type == OptionType::kChoice) one = "one of " + joined(o.choices);
  if (o.type == OptionType::kPlugin) one = "plugin of kind " + o.plugin_kind;
  if (!o.is_list) return one;
  std::string count = std::to_string(o.min_length);
  if (o.max_length != o.min_length) count += " to " + std::to_string(o.max_length);
  return "list of " + count + ": " + one;
}

std::string list_text(const PluginRegistry& registry) {
  std::string out;
  std::string kind;
  Rows rows;
  const auto flush = [&] {
    if (!rows.empty()) out += (out.empty() ? "" : "\n") + kind + "\n" + columns(rows, "  ");
    rows.clear();
  };
  for (const PluginRecord* record : registry.records()) {
    const PluginMetadata& m = record->metadata;
    if (m.kind != kind) flush();
    kind = m.kind;
    rows.push_back({m.name, m.version, m.id, m.summary});
  }
  flush();
  if (out.empty()) {
    out = "no plugins found; looked in:\n";
    for (const PluginFolder& folder : registry.folders())
      out += "  " + folder.path.string() + " (" + folder.reason + ")\n";
  }
  if (!registry.refused().empty()) out += "\ncannot be used:\n";
  for (const RefusedFile& file : registry.refused()) out += file.refusal.text() + "\n";
  return out;
}

std::string inspect_text(const PluginRegistry& registry, const PluginRecord& record) {
  const PluginMetadata& m = record.metadata;
  std::string out = m.id + " " + m.version + "\n" + m.summary + "\n\n";
  Rows rows{{"kind", m.kind},
            {"name", m.name},
            {"licence", m.licence},
            {"interface", m.interface_id},
            {"tier", m.tier + ", SDK " + m.sdk_version},
            {"services", joined(m.required_services)}};
  if (!m.optional_services.empty()) rows.push_back({"uses if there", joined(m.optional_services)});
  if (!m.authors.empty()) rows.push_back({"authors", m.authors});
  if (!m.url.empty()) rows.push_back({"url", m.url});
  rows.push_back({"compiler", m.compiler});
  rows.push_back({"libraries", joined(record.needed_libraries)});
  rows.push_back({"file", record.path.string()});
  rows.push_back({"found", record.folder_reason});
  rows.push_back({"size", std::to_string(record.size) + " bytes"});
  rows.push_back({"sha256", record.sha256});
  out += columns(rows, "") + "\n" + options_text(m) + "\n";
  if (const std::string facts = facts_text(m); !facts.empty()) out += facts + "\n";
  out += operators_text(m) + "\n";
  const std::optional<Refusal> refusal = registry.refusal_of(record);
  out += refusal ? "this host refuses it:\n" + refusal->text() + "\n"
                 : "this host loads it (checked without running it)\n";
  return out;
}

}  // namespace kith::host
