// SPDX-License-Identifier: Apache-2.0
#include "config/changed_settings.h"

#include <cstddef>
#include <utility>

namespace kith::host {

namespace {

/// As it is written on one line.
std::string whole_text(const ConfigNode& node) {
  if (!node.is_list() && !node.is_table()) return value_text(node);
  std::string text;
  for (const ConfigNode& item : node.items) {
    if (!text.empty()) text += ", ";
    if (node.is_table()) text += item.key + " = ";
    text += whole_text(item);
  }
  return node.is_list() ? "[" + text + "]" : "{ " + text + " }";
}

class Comparison {
 public:
  void compare(const std::string& key, const ConfigNode* before, const ConfigNode* after) {
    if (before != nullptr && after != nullptr && before->kind == after->kind) {
      if (same_value(*before, *after)) return;
      if (before->is_table()) return compare_tables(key, *before, *after);
      if (before->is_list() && before->items.size() == after->items.size()) {
        for (std::size_t i = 0; i < before->items.size(); ++i)
          compare(join_keys(key, std::to_string(i)), &before->items[i], &after->items[i]);
        return;
      }
    }
    changes_.push_back({key, before == nullptr ? "not set" : whole_text(*before),
                        after == nullptr ? "not set" : whole_text(*after)});
  }

  std::vector<ChangedSetting> take() { return std::move(changes_); }

 private:
  void compare_tables(const std::string& key, const ConfigNode& before, const ConfigNode& after) {
    for (const ConfigNode& item : before.items)
      compare(join_keys(key, item.key), &item, after.find(item.key));
    for (const ConfigNode& item : after.items)
      if (before.find(item.key) == nullptr) compare(join_keys(key, item.key), nullptr, &item);
  }

  std::vector<ChangedSetting> changes_;
};

}  // namespace

std::vector<ChangedSetting> changed_settings(const ConfigNode& before, const ConfigNode& after) {
  Comparison comparison;
  comparison.compare("", &before, &after);
  return comparison.take();
}

}  // namespace kith::host
