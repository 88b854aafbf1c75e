// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace kith::host {

/// How many tables and lists may stand within each other. What reads them calls itself for each,
/// and an experiment needs a handful.
inline constexpr int kMostNesting = 64;

struct TextPosition {
  int line = 1;    ///< from 1
  int column = 1;  ///< from 1, in bytes
};

/// Where TOML text first nests deeper than kMostNesting: tables of a header `[a.b]`, tables of a
/// dotted key `a.b = 1`, lists and inline tables. It keeps no more than a level's count in memory,
/// so that text of any length and depth can be looked at before a parser builds the tables. Of text
/// that is not TOML it may say anything from the first mistake on.
std::optional<TextPosition> find_deep_nesting(std::string_view text);

}  // namespace kith::host
