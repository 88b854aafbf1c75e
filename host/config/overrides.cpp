// SPDX-License-Identifier: Apache-2.0
#include "config/overrides.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <utility>

#include "config/merge.h"
#include "config/parse_document.h"

namespace kith::host {

namespace {

struct Override {
  std::vector<std::string> keys;
  ConfigNode value;
  SourcePlace place;
};

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Reads `a.b."c.d"` up to the '='; leaves `position` behind it. Nothing if it is not of this form.
std::optional<std::vector<std::string>> parse_keys(const std::string& text, std::size_t& position) {
  std::vector<std::string> keys;
  const auto skip_blanks = [&] {
    while (position < text.size() && (text[position] == ' ' || text[position] == '\t')) ++position;
  };
  while (true) {
    skip_blanks();
    std::string key;
    if (position < text.size() && (text[position] == '"' || text[position] == '\'')) {
      const std::size_t end = text.find(text[position], position + 1);
      if (end == std::string::npos) return std::nullopt;
      key = text.substr(position + 1, end - position - 1);
      position = end + 1;
    } else {
      while (position < text.size() && is_bare(text[position])) key += text[position++];
      if (key.empty()) return std::nullopt;
    }
    keys.push_back(std::move(key));
    skip_blanks();
    if (position >= text.size()) return std::nullopt;
    const char separator = text[position++];
    if (separator == '=') return keys;
    if (separator != '.') return std::nullopt;
  }
}

std::optional<Override> parse_override(const std::string& text, Problems& problems) {
  Override result;
  result.place.file = "--set " + one_line(text);
  std::size_t position = 0;
  std::optional<std::vector<std::string>> keys = parse_keys(text, position);
  if (!keys) {
    problems.add("--set: must be key=value, for example optimizer.base_lr=0.1", result.place);
    return std::nullopt;
  }
  if (keys->front() == "extends") {
    problems.add("--set: extends can stand in a file only", result.place);
    return std::nullopt;
  }
  const std::string value = trimmed(text.substr(position));
  if (value.empty()) {
    problems.add("--set: a value is missing; empty text is written ''", result.place);
    return std::nullopt;
  }
  // Paths in an override are completed by the shell, so they are relative to where the shell is.
  std::optional<ConfigNode> node =
      parse_override_value(value, result.place, std::filesystem::current_path(), problems);
  if (!node) return std::nullopt;
  result.keys = std::move(*keys);
  result.value = std::move(*node);
  return result;
}

ConfigNode* find_item(ConfigNode& list, const std::string& key, const std::string& path,
                      const SourcePlace& place, Problems& problems) {
  std::size_t index = 0;
  const char* end = key.data() + key.size();
  const auto parsed = std::from_chars(key.data(), end, index);
  if (parsed.ec == std::errc() && parsed.ptr == end && index < list.items.size()) {
    return &list.items[index];
  }
  const std::size_t size = list.items.size();
  problems.add(
      path + ": is a list of " + std::to_string(size) + (size == 1 ? " value" : " values") +
          (size == 0 ? ", which has no index" : ", so an index from 0 to ") +
          (size == 0 ? "" : std::to_string(size - 1) + " must follow") + ", got '" + key + "'",
      place);
  return nullptr;
}

/// The node that the keys before the last one lead to, made where it is not there.
ConfigNode* descend(ConfigNode& root, const Override& override, Problems& problems,
                    std::string& path) {
  ConfigNode* node = &root;
  for (std::size_t i = 0; i + 1 < override.keys.size(); ++i) {
    const std::string& key = override.keys[i];
    if (node->is_list()) {
      node = find_item(*node, key, path, override.place, problems);
      if (node == nullptr) return nullptr;
    } else {
      ConfigNode* next = node->find(key);
      if (next == nullptr) {
        ConfigNode table;
        table.key = key;
        table.where = override.place;
        table.key_where = override.place;
        table.folder = override.value.folder;
        node->items.push_back(std::move(table));
        next = &node->items.back();
      }
      node = next;
    }
    path = join_keys(path, key);
    if (node->is_text()) *node = plugin_table(*node);
    if (!node->is_list() && !node->is_table()) {
      problems.add(path + ": is " + describe(*node) + " at " + to_text(node->where) +
                       ", so no key can follow it",
                   override.place);
      return nullptr;
    }
  }
  return node;
}

void apply(ConfigNode& root, Override override, Problems& problems) {
  std::string path;
  ConfigNode* parent = descend(root, override, problems, path);
  if (parent == nullptr) return;
  const std::string key = override.keys.back();
  if (parent->is_list()) {
    if (ConfigNode* item = find_item(*parent, key, path, override.place, problems)) {
      *item = std::move(override.value);
    }
    return;
  }
  override.value.key = key;
  ConfigNode* existing = parent->find(key);
  if (existing == nullptr) {
    parent->items.push_back(std::move(override.value));
  } else if (key == "plugin" && !same_value(*existing, override.value)) {
    warn_dropped_options(*parent, override.value, path, problems);
    parent->items = {std::move(override.value)};
  } else {
    *existing = std::move(override.value);
  }
}

}  // namespace

std::optional<std::vector<std::string>> override_keys(const std::string& text) {
  std::size_t position = 0;
  return parse_keys(text, position);
}

void apply_overrides(ConfigNode& root, const std::vector<std::string>& overrides,
                     Problems& problems) {
  std::vector<Override> parsed;
  for (const std::string& text : overrides) {
    if (std::optional<Override> override = parse_override(text, problems)) {
      parsed.push_back(std::move(*override));
    }
  }
  std::stable_partition(parsed.begin(), parsed.end(),
                        [](const Override& each) { return each.keys.back() == "plugin"; });
  for (Override& each : parsed) apply(root, std::move(each), problems);
}

}  // namespace kith::host
