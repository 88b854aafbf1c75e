// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config_node.h"
#include "config/enum_names.h"
#include "config/problems.h"
#include "config/read_value.h"

namespace kith::host {

/// Reads the keys of one table, each with its type, range and default, and reports those that
/// nobody asked for.
///
/// A default of std::nullopt makes a key required. Where a value is wrong or missing, the problem
/// is noted and some value of the type is returned, so that reading goes on.
class TableReader {
 public:
  /// @param table  null if the table was not written: then every key has its default.
  /// @param path   dotted key of the table; empty for the root.
  /// @param place  where a missing key is reported if there is no table.
  TableReader(const ConfigNode* table, std::string path, SourcePlace place, Problems& problems);

  bool boolean(const std::string& key, bool fallback);
  std::int64_t integer(const std::string& key, const IntRange& range,
                       std::optional<std::int64_t> fallback);
  /// None if the key was not written.
  std::optional<std::int64_t> integer_if_written(const std::string& key, const IntRange& range);
  double real(const std::string& key, const RealRange& range, std::optional<double> fallback);
  std::string text(const std::string& key, const std::optional<std::string>& fallback);
  template <class E, std::size_t N>
  E choice(const std::string& key, const EnumName<E> (&names)[N], std::optional<E> fallback);

  /// The value of a key that the caller reads itself, or null.
  const ConfigNode* take(const std::string& key);
  /// A reader of the table with this key. Where something else was written, that is noted, and the
  /// reader then asks for no required key.
  TableReader section(const std::string& key);
  /// A list; null also where something else was written, which is then noted.
  const ConfigNode* take_list(const std::string& key, const std::string& wanted);

  /// Notes that a required key is missing. @param wanted  what it should be: "an integer in [1,
  /// 10]".
  void add_missing(const std::string& key, const std::string& wanted);

  /// Notes each key of the table that nothing has asked for.
  void finish() const;

  std::string path_of(const std::string& key) const { return join_keys(path_, key); }
  /// Where the key's value stands, else the table.
  SourcePlace place_of(const std::string& key) const;
  bool has(const std::string& key) const;
  const SourcePlace& place() const { return place_; }

 private:
  const ConfigNode* table_;
  std::string path_;
  SourcePlace place_;
  Problems& problems_;
  std::vector<std::string> known_;
  bool asks_for_required_ = true;
};

/// Notes an unknown key of the table at `path`, with the nearest known one.
void add_unknown_key(const ConfigNode& entry, const std::string& path,
                     const std::vector<std::string>& known, Problems& problems);

template <class E, std::size_t N>
E TableReader::choice(const std::string& key, const EnumName<E> (&names)[N],
                      std::optional<E> fallback) {
  const std::vector<std::string> words = words_of(names);
  const E otherwise = fallback.value_or(names[0].value);
  const ConfigNode* node = take(key);
  if (node == nullptr) {
    if (!fallback) add_missing(key, "one of " + quoted_list(words));
    return otherwise;
  }
  const std::optional<std::string> word = read_choice(*node, path_of(key), words, problems_);
  if (!word) return otherwise;
  for (const EnumName<E>& name : names) {
    if (*word == name.text) return name.value;
  }
  return otherwise;
}

}  // namespace kith::host
