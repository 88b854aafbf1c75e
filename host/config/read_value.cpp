// SPDX-License-Identifier: Apache-2.0
#include "config/read_value.h"

#include <cmath>

#include "config/number_text.h"

namespace kith::host {

namespace {

std::string range_text(bool has_low, const std::string& low, bool low_open, bool has_high,
                       const std::string& high, bool high_open) {
  if (has_low && has_high) {
    return std::string(" in ") + (low_open ? "(" : "[") + low + ", " + high +
           (high_open ? ")" : "]");
  }
  if (has_low) return (low_open ? " > " : " >= ") + low;
  if (has_high) return (high_open ? " < " : " <= ") + high;
  return "";
}

std::string with_unit(const std::string& unit) { return unit.empty() ? "" : " " + unit; }

/// It names a folder, and reads well there.
bool is_run_name(const std::string& name) {
  constexpr std::size_t kMaxLength = 100;
  constexpr const char* kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  return !name.empty() && name.size() <= kMaxLength && name.front() != '.' && name.front() != '-' &&
         name.find_first_not_of(kAllowed) == std::string::npos;
}

void add_wrong_type(const ConfigNode& node, const std::string& path, const std::string& wanted,
                    Problems& problems) {
  problems.add(path + ": must be " + wanted + ", got " + describe(node), node.where);
}

}  // namespace

std::string range_text(const IntRange& range) {
  return range_text(range.low != IntRange{}.low, std::to_string(range.low), false,
                    range.high != IntRange{}.high, std::to_string(range.high), false);
}

std::string range_text(const RealRange& range) {
  return range_text(std::isfinite(range.low), number_text(range.low), range.low_open,
                    std::isfinite(range.high), number_text(range.high), range.high_open);
}

std::string quoted_list(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "\"" : ", \"") + word + "\"";
  return text;
}

std::optional<bool> read_boolean(const ConfigNode& node, const std::string& path,
                                 Problems& problems) {
  if (node.kind == ConfigNode::Kind::kBool) return std::get<bool>(node.scalar);
  add_wrong_type(node, path, "true or false", problems);
  return std::nullopt;
}

std::optional<std::int64_t> read_integer(const ConfigNode& node, const std::string& path,
                                         const IntRange& range, Problems& problems,
                                         const std::string& unit) {
  if (node.kind != ConfigNode::Kind::kInt) {
    add_wrong_type(node, path, "an integer" + range_text(range) + with_unit(unit), problems);
    return std::nullopt;
  }
  const std::int64_t value = std::get<std::int64_t>(node.scalar);
  if (value >= range.low && value <= range.high) return value;
  problems.add(
      path + ": must be" + range_text(range) + with_unit(unit) + ", got " + std::to_string(value),
      node.where);
  return std::nullopt;
}

std::optional<double> read_real(const ConfigNode& node, const std::string& path,
                                const RealRange& range, Problems& problems,
                                const std::string& unit) {
  double value = 0;
  if (node.kind == ConfigNode::Kind::kReal) {
    value = std::get<double>(node.scalar);
  } else if (node.kind == ConfigNode::Kind::kInt) {
    value = static_cast<double>(std::get<std::int64_t>(node.scalar));
  } else {
    add_wrong_type(node, path, "a number" + range_text(range) + with_unit(unit), problems);
    return std::nullopt;
  }
  if (!std::isfinite(value)) {
    problems.add(path + ": must be a finite number" + range_text(range) + with_unit(unit) +
                     ", got " + number_text(value),
                 node.where);
    return std::nullopt;
  }
  const bool above = range.low_open ? value > range.low : value >= range.low;
  const bool below = range.high_open ? value < range.high : value <= range.high;
  if (above && below) return value;
  problems.add(
      path + ": must be" + range_text(range) + with_unit(unit) + ", got " + number_text(value),
      node.where);
  return std::nullopt;
}

std::optional<std::string> read_text_value(const ConfigNode& node, const std::string& path,
                                           Problems& problems) {
  if (node.is_text()) return node.text();
  add_wrong_type(node, path, "text", problems);
  return std::nullopt;
}

std::optional<std::string> read_run_name(const ConfigNode& node, const std::string& path,
                                         Problems& problems) {
  std::optional<std::string> name = read_text_value(node, path, problems);
  if (!name || is_run_name(*name)) return name;
  problems.add(path +
                   ": must have 1 to 100 letters, digits, '_', '-' and '.', and begin with a "
                   "letter, digit or '_', got " +
                   value_text(node),
               node.where);
  return std::nullopt;
}

std::optional<std::string> read_choice(const ConfigNode& node, const std::string& path,
                                       const std::vector<std::string>& words, Problems& problems) {
  const std::string wanted =
      words.size() == 1 ? quoted_list(words) : "one of " + quoted_list(words);
  if (!node.is_text()) {
    add_wrong_type(node, path, wanted, problems);
    return std::nullopt;
  }
  for (const std::string& word : words) {
    if (node.text() == word) return word;
  }
  // The words are listed already: only a near one is worth a suggestion.
  std::string near = suggestion(node.text(), words, "\"");
  if (near.find("did you mean") == std::string::npos) near.clear();
  problems.add(path + ": must be " + wanted + ", got " + value_text(node) + near, node.where);
  return std::nullopt;
}

std::optional<std::string> read_path(const ConfigNode& node, const std::string& path,
                                     Problems& problems) {
  if (!node.is_text()) {
    add_wrong_type(node, path, "text, a path", problems);
    return std::nullopt;
  }
  if (node.text().empty()) return std::string();
  return (node.folder / node.text()).lexically_normal().string();
}

}  // namespace kith::host
