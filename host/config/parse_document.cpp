// SPDX-License-Identifier: Apache-2.0
#include "config/parse_document.h"

// toml++ asserts what a file can break ("[[[a]]]" in 3.3), and then handles it: an error with a
// place instead of an abort, in a build with assertions too.
#define TOML_ASSERT(condition) static_assert(true)
#include <toml++/toml.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "config/nesting.h"

namespace kith::host {

namespace {

class Converter {
 public:
  Converter(std::string name, std::filesystem::path folder)
      : name_(std::move(name)), folder_(std::move(folder)) {}

  ConfigNode convert(const toml::node& node) const {
    ConfigNode result;
    result.where = place_of(node.source());
    result.key_where = result.where;
    result.folder = folder_;
    if (const toml::table* table = node.as_table()) {
      fill_table(*table, result);
    } else if (const toml::array* array = node.as_array()) {
      result.kind = ConfigNode::Kind::kList;
      for (const toml::node& item : *array) result.items.push_back(convert(item));
    } else {
      fill_scalar(node, result);
    }
    return result;
  }

 private:
  SourcePlace place_of(const toml::source_region& region) const {
    return {name_, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
  }

  void fill_table(const toml::table& table, ConfigNode& result) const {
    result.kind = ConfigNode::Kind::kTable;
    for (const auto& [key, value] : table) {
      ConfigNode item = convert(value);
      item.key = std::string(key.str());
      item.key_where = place_of(key.source());
      result.items.push_back(std::move(item));
    }
    // toml++ sorts by name; the file's order is the one that a person means.
    std::stable_sort(result.items.begin(), result.items.end(),
                     [](const ConfigNode& a, const ConfigNode& b) {
                       return std::tie(a.key_where.line, a.key_where.column) <
                              std::tie(b.key_where.line, b.key_where.column);
                     });
  }

  static void fill_scalar(const toml::node& node, ConfigNode& result) {
    if (const auto* text = node.as_string()) {
      result.kind = ConfigNode::Kind::kText;
      result.scalar = text->get();
    } else if (const auto* integer = node.as_integer()) {
      result.kind = ConfigNode::Kind::kInt;
      result.scalar = integer->get();
    } else if (const auto* real = node.as_floating_point()) {
      result.kind = ConfigNode::Kind::kReal;
      result.scalar = real->get();
    } else if (const auto* boolean = node.as_boolean()) {
      result.kind = ConfigNode::Kind::kBool;
      result.scalar = boolean->get();
    } else {
      result.kind = ConfigNode::Kind::kDate;
    }
  }

  std::string name_;
  std::filesystem::path folder_;
};

void set_place(ConfigNode& node, const SourcePlace& place) {
  node.where = place;
  node.key_where = place;
  for (ConfigNode& item : node.items) set_place(item, place);
}

/// toml++'s text in the form of Kith's messages: "in the array: encountered end-of-file".
std::string reason_of(const toml::parse_error& error) {
  constexpr std::string_view kOpening = "Error while parsing ";
  std::string text(error.description());
  if (text.starts_with(kOpening)) return "in the " + text.substr(kOpening.size());
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z')
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

/// Text that a person can only have meant as text: it opens no quote, list or table, and stays on
/// one line.
bool is_word(const std::string& text) {
  return std::string_view("\"'[{").find(text.front()) == std::string_view::npos &&
         std::none_of(text.begin(), text.end(),
                      [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::string nesting_reason() {
  return "tables and lists may stand within each other " + std::to_string(kMostNesting) +
         " deep, got more";
}

}  // namespace

std::optional<ConfigNode> parse_document(const std::string& text, const std::string& name,
                                         const std::filesystem::path& folder, Problems& problems) {
  // toml++ ends the tables that it built with a call for each level, also after a mistake.
  if (const auto deep = find_deep_nesting(text)) {
    problems.add("toml: " + nesting_reason(), {name, deep->line, deep->column});
    return std::nullopt;
  }
  try {
    const toml::table table = toml::parse(text, std::string_view(name));
    return Converter(name, folder).convert(table);
  } catch (const toml::parse_error& error) {
    const toml::source_position position = error.source().begin;
    problems.add("toml: " + reason_of(error),
                 {name, static_cast<int>(position.line), static_cast<int>(position.column)});
    return std::nullopt;
  }
}

std::optional<ConfigNode> parse_override_value(const std::string& text, const SourcePlace& place,
                                               const std::filesystem::path& folder,
                                               Problems& problems) {
  std::string reason = "more than one value";
  const std::string line = "value = " + text;
  try {
    if (find_deep_nesting(line)) {
      reason = nesting_reason();
    } else if (const toml::table table = toml::parse(line); table.size() == 1) {
      ConfigNode node = Converter(place.file, folder).convert(*table.get("value"));
      set_place(node, place);
      return node;
    }
  } catch (const toml::parse_error& error) {
    reason = reason_of(error);
  }
  if (is_word(text)) {
    ConfigNode node;
    node.kind = ConfigNode::Kind::kText;
    node.scalar = text;
    node.folder = folder;
    set_place(node, place);
    return node;
  }
  problems.add(
      "--set: the value must be a TOML value or a bare word, got " + one_line(text) + ": " + reason,
      place);
  return std::nullopt;
}

ConfigNode parse_settings(const std::string& text, const std::string& name) {
  Problems problems;
  auto node = parse_document(text, name, "/", problems);
  problems.raise(name);
  return std::move(*node);
}

}  // namespace kith::host
