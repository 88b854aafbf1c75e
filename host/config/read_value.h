// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "config/config_node.h"
#include "config/problems.h"

namespace kith::host {

/// Closed range of an integer.
struct IntRange {
  std::int64_t low = std::numeric_limits<std::int64_t>::min();
  std::int64_t high = std::numeric_limits<std::int64_t>::max();
};

/// Range of a real number; an open end is not in it.
struct RealRange {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;
  bool high_open = false;
};

/// " in [1, 10]", " >= 1", " <= 10", or "" if every value is in it.
std::string range_text(const IntRange& range);
std::string range_text(const RealRange& range);

/// `"sgd", "adamw"`
std::string quoted_list(const std::vector<std::string>& words);

// Each reads a value of one type. `path` is the dotted key, `unit` is added to the range in
// messages ("px"). Nothing if the type or the value is wrong; the problem is then noted.

std::optional<bool> read_boolean(const ConfigNode& node, const std::string& path,
                                 Problems& problems);
std::optional<std::int64_t> read_integer(const ConfigNode& node, const std::string& path,
                                         const IntRange& range, Problems& problems,
                                         const std::string& unit = "");
/// An integer is accepted too.
std::optional<double> read_real(const ConfigNode& node, const std::string& path,
                                const RealRange& range, Problems& problems,
                                const std::string& unit = "");
std::optional<std::string> read_text_value(const ConfigNode& node, const std::string& path,
                                           Problems& problems);
/// A name that can be a folder's: 1 to 100 letters, digits, '_', '-', '.', the first no '-' and
/// '.'.
std::optional<std::string> read_run_name(const ConfigNode& node, const std::string& path,
                                         Problems& problems);
std::optional<std::string> read_choice(const ConfigNode& node, const std::string& path,
                                       const std::vector<std::string>& words, Problems& problems);
/// Absolute; empty text stays empty.
std::optional<std::string> read_path(const ConfigNode& node, const std::string& path,
                                     Problems& problems);

}  // namespace kith::host
