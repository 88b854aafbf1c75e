// SPDX-License-Identifier: Apache-2.0
#include "config/overrides.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <utility>

#include "config/merge.h"
#include "config/nesting.h"
#include "config/parse_document.h"

namespace kith::host {

namespace {

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

std::optional<Setting> parse_override(const std::string& text, Problems& problems) {
  Setting result;
  result.place.file = "--set " + one_line(text);
  std::size_t position = 0;
  std::optional<std::vector<std::string>> keys = parse_keys(text, position);
  if (!keys) {
    problems.add("--set: must be key=value, for example optimizer.base_lr=0.1", result.place);
    return std::nullopt;
  }
  if (keys->size() > static_cast<std::size_t>(kMostNesting)) {
    std::string problem =
        "--set: a key may have at most ";  // piece by piece: GCC 14 warns of a sum
    problem += std::to_string(kMostNesting);
    problem += " parts, got ";
    problem += std::to_string(keys->size());
    problems.add(problem, result.place);
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
ConfigNode* descend(ConfigNode& root, const Setting& setting, Problems& problems,
                    std::string& path) {
  ConfigNode* node = &root;
  for (std::size_t i = 0; i + 1 < setting.keys.size(); ++i) {
    const std::string& key = setting.keys[i];
    if (node->is_list()) {
      node = find_item(*node, key, path, setting.place, problems);
      if (node == nullptr) return nullptr;
    } else {
      ConfigNode* next = node->find(key);
      if (next == nullptr) {
        ConfigNode table;
        table.key = key;
        table.where = setting.place;
        table.key_where = setting.place;
        table.folder = setting.value.folder;
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
                   setting.place);
      return nullptr;
    }
  }
  return node;
}

void put(ConfigNode& place, ConfigNode value, bool lay_over, const std::string& path,
         Problems& problems) {
  if (lay_over)
    merge(place, std::move(value), path, problems);
  else
    place = std::move(value);
}

/// @param lay_over  a table is laid over the one that is there.
void apply(ConfigNode& root, Setting setting, bool lay_over, Problems& problems) {
  std::string path;
  ConfigNode* parent = descend(root, setting, problems, path);
  if (parent == nullptr) return;
  const std::string key = setting.keys.back();
  if (parent->is_list()) {
    if (ConfigNode* item = find_item(*parent, key, path, setting.place, problems)) {
      put(*item, std::move(setting.value), lay_over, join_keys(path, key), problems);
    }
    return;
  }
  setting.value.key = key;
  ConfigNode* existing = parent->find(key);
  if (existing == nullptr) {
    parent->items.push_back(std::move(setting.value));
  } else if (key == "plugin" && !same_value(*existing, setting.value)) {
    warn_dropped_options(*parent, setting.value, path, problems);
    parent->items = {std::move(setting.value)};
  } else {
    put(*existing, std::move(setting.value), lay_over, join_keys(path, key), problems);
  }
}

void apply_all(ConfigNode& root, std::vector<Setting> settings, bool lay_over, Problems& problems) {
  std::stable_partition(settings.begin(), settings.end(),
                        [](const Setting& each) { return each.keys.back() == "plugin"; });
  for (Setting& each : settings) apply(root, std::move(each), lay_over, problems);
}

}  // namespace

std::optional<std::vector<std::string>> split_key(const std::string& text) {
  std::size_t position = 0;
  return text.find('=') == std::string::npos ? parse_keys(text + "=", position) : std::nullopt;
}

std::optional<std::vector<std::string>> override_keys(const std::string& text) {
  std::size_t position = 0;
  return parse_keys(text, position);
}

void apply_overrides(ConfigNode& root, const std::vector<std::string>& overrides,
                     Problems& problems) {
  std::vector<Setting> parsed;
  for (const std::string& text : overrides) {
    if (std::optional<Setting> setting = parse_override(text, problems)) {
      parsed.push_back(std::move(*setting));
    }
  }
  apply_all(root, std::move(parsed), false, problems);
}

void apply_settings(ConfigNode& root, std::vector<Setting> settings, Problems& problems) {
  apply_all(root, std::move(settings), true, problems);
}

}  // namespace kith::host
