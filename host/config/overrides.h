// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config_node.h"
#include "config/problems.h"

namespace kith::host {

/// A value for one key of a tree.
struct Setting {
  std::vector<std::string> keys;
  ConfigNode value;
  SourcePlace place;  ///< of the key
};

/// The parts of a key "a.b.0"; nothing if the text is not of this form.
std::optional<std::vector<std::string>> split_key(const std::string& text);

/// Sets each value in the tree, in order, those that name a plugin first. A table is laid over the
/// one that is there (merge.h); lists and other values replace.
void apply_settings(ConfigNode& root, std::vector<Setting> settings, Problems& problems);

/// The parts of the key of "key=value"; nothing if the text is not of this form.
std::optional<std::vector<std::string>> override_keys(const std::string& text);

/// Sets each "key=value" in the tree, in order, those that name a plugin first (so that the order
/// of a plugin and its options does not matter). A key has dots, an index from 0 for an item of a
/// list, quotes around a part with other characters. Tables that are not there are made; whether
/// the key exists is checked where the tree is read.
void apply_overrides(ConfigNode& root, const std::vector<std::string>& overrides,
                     Problems& problems);

}  // namespace kith::host
