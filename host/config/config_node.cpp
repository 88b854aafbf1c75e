// SPDX-License-Identifier: Apache-2.0
#include "config/config_node.h"

#include "config/number_text.h"
#include "config/problems.h"

namespace kith::host {

ConfigNode* ConfigNode::find(std::string_view name) {
  if (!is_table()) return nullptr;
  for (ConfigNode& item : items) {
    if (item.key == name) return &item;
  }
  return nullptr;
}

const ConfigNode* ConfigNode::find(std::string_view name) const {
  return const_cast<ConfigNode*>(this)->find(name);
}

std::string value_text(const ConfigNode& node) {
  switch (node.kind) {
    case ConfigNode::Kind::kBool:
      return std::get<bool>(node.scalar) ? "true" : "false";
    case ConfigNode::Kind::kInt:
      return std::to_string(std::get<std::int64_t>(node.scalar));
    case ConfigNode::Kind::kReal:
      return toml_float(std::get<double>(node.scalar));
    case ConfigNode::Kind::kText:
      return '"' + one_line(node.text()) + '"';
    case ConfigNode::Kind::kList:
      return "a list of " + std::to_string(node.items.size()) +
             (node.items.size() == 1 ? " value" : " values");
    case ConfigNode::Kind::kTable:
      return "a table";
    case ConfigNode::Kind::kDate:
      return "a date";
  }
  return "";
}

std::string describe(const ConfigNode& node) {
  switch (node.kind) {
    case ConfigNode::Kind::kInt:
      return "the integer " + value_text(node);
    case ConfigNode::Kind::kReal:
      return "the real number " + value_text(node);
    case ConfigNode::Kind::kText:
      return "the text " + value_text(node);
    default:
      return value_text(node);
  }
}

bool same_value(const ConfigNode& a, const ConfigNode& b) {
  if (a.kind != b.kind || a.scalar != b.scalar || a.items.size() != b.items.size()) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    const ConfigNode* other = a.is_table() ? b.find(a.items[i].key) : &b.items[i];
    if (other == nullptr || !same_value(a.items[i], *other)) return false;
  }
  return true;
}

std::string join_keys(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

}  // namespace kith::host
