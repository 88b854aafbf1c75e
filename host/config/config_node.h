// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/plugin_use.h"

namespace kith::host {

/// A value of an experiment's file, with the place where it was written. Tables keep the order of
/// the file.
struct ConfigNode {
  enum class Kind { kBool, kInt, kReal, kText, kList, kTable, kDate };

  Kind kind = Kind::kTable;
  std::variant<bool, std::int64_t, double, std::string> scalar;
  std::vector<ConfigNode> items;  ///< of a list or a table
  std::string key;                ///< name in the table that holds it
  SourcePlace where;              ///< of the value
  SourcePlace key_where;          ///< of the key; of an item of a list: the value's
  std::filesystem::path folder;   ///< absolute; what a path written here is relative to

  bool is_table() const { return kind == Kind::kTable; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_text() const { return kind == Kind::kText; }
  const std::string& text() const { return std::get<std::string>(scalar); }

  /// The entry of a table with this key, or null.
  ConfigNode* find(std::string_view name);
  const ConfigNode* find(std::string_view name) const;
};

/// What a value is, for "got ...": `the text "six"`, "the integer 3", "a list of 2 values", "a
/// table".
std::string describe(const ConfigNode& node);

/// What a value is, where its type is right and its value is not: `"adam"`, "-0.1".
std::string value_text(const ConfigNode& node);

/// Whether two values are the same, whatever their places.
bool same_value(const ConfigNode& a, const ConfigNode& b);

/// "method.loss" from "method" and "loss"; the root's path is empty.
std::string join_keys(const std::string& path, const std::string& key);

}  // namespace kith::host
