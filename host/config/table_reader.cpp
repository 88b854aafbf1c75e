// SPDX-License-Identifier: Apache-2.0
#include "config/table_reader.h"

#include <algorithm>
#include <utility>

namespace kith::host {

TableReader::TableReader(const ConfigNode* table, std::string path, SourcePlace place,
                         Problems& problems)
    : table_(table),
      path_(std::move(path)),
      place_(table == nullptr ? std::move(place) : table->where),
      problems_(problems) {}

const ConfigNode* TableReader::take(const std::string& key) {
  known_.push_back(key);
  return table_ == nullptr ? nullptr : table_->find(key);
}

TableReader TableReader::section(const std::string& key) {
  const ConfigNode* node = take(key);
  const bool wrong = node != nullptr && !node->is_table();
  if (wrong) {
    problems_.add(path_of(key) + ": must be a table, got " + describe(*node), node->where);
  }
  TableReader reader(wrong ? nullptr : node, path_of(key), place_, problems_);
  reader.asks_for_required_ = !wrong;
  return reader;
}

const ConfigNode* TableReader::take_list(const std::string& key, const std::string& wanted) {
  const ConfigNode* node = take(key);
  if (node == nullptr || node->is_list()) return node;
  problems_.add(path_of(key) + ": must be " + wanted + ", got " + describe(*node), node->where);
  return nullptr;
}

void TableReader::add_missing(const std::string& key, const std::string& wanted) {
  if (!asks_for_required_) return;
  problems_.add((path_.empty() ? "experiment" : path_) + ": the key '" + key +
                    "' is missing; it must be " + wanted,
                place_);
}

bool TableReader::boolean(const std::string& key, bool fallback) {
  const ConfigNode* node = take(key);
  if (node == nullptr) return fallback;
  return read_boolean(*node, path_of(key), problems_).value_or(fallback);
}

std::int64_t TableReader::integer(const std::string& key, const IntRange& range,
                                  std::optional<std::int64_t> fallback) {
  const std::int64_t otherwise = fallback.value_or(range.low);
  const ConfigNode* node = take(key);
  if (node == nullptr) {
    if (!fallback) add_missing(key, "an integer" + range_text(range));
    return otherwise;
  }
  return read_integer(*node, path_of(key), range, problems_).value_or(otherwise);
}

std::optional<std::int64_t> TableReader::integer_if_written(const std::string& key,
                                                            const IntRange& range) {
  const ConfigNode* node = take(key);
  return node == nullptr ? std::nullopt : read_integer(*node, path_of(key), range, problems_);
}

double TableReader::real(const std::string& key, const RealRange& range,
                         std::optional<double> fallback) {
  const double otherwise = fallback.value_or(range.low);
  const ConfigNode* node = take(key);
  if (node == nullptr) {
    if (!fallback) add_missing(key, "a number" + range_text(range));
    return otherwise;
  }
  return read_real(*node, path_of(key), range, problems_).value_or(otherwise);
}

std::string TableReader::text(const std::string& key, const std::optional<std::string>& fallback) {
  const ConfigNode* node = take(key);
  if (node == nullptr) {
    if (!fallback) add_missing(key, "text");
    return fallback.value_or("");
  }
  return read_text_value(*node, path_of(key), problems_).value_or(fallback.value_or(""));
}

bool TableReader::has(const std::string& key) const {
  return table_ != nullptr && table_->find(key) != nullptr;
}

SourcePlace TableReader::place_of(const std::string& key) const {
  const ConfigNode* node = table_ == nullptr ? nullptr : table_->find(key);
  return node == nullptr ? place_ : node->where;
}

void TableReader::finish() const {
  if (table_ == nullptr) return;
  for (const ConfigNode& entry : table_->items) {
    if (std::find(known_.begin(), known_.end(), entry.key) == known_.end()) {
      add_unknown_key(entry, path_, known_, problems_);
    }
  }
}

void add_unknown_key(const ConfigNode& entry, const std::string& path,
                     const std::vector<std::string>& known, Problems& problems) {
  problems.add((path.empty() ? "experiment" : path) + ": unknown key '" + entry.key + "'" +
                   suggestion(entry.key, known),
               entry.key_where);
}

}  // namespace kith::host
