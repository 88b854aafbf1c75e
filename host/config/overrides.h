// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config_node.h"
#include "config/problems.h"

namespace kith::host {

/// The parts of the key of "key=value"; nothing if the text is not of this form.
std::optional<std::vector<std::string>> override_keys(const std::string& text);

/// Sets each "key=value" in the tree, in order, those that name a plugin first (so that the order
/// of a plugin and its options does not matter). A key has dots, an index from 0 for an item of a
/// list, quotes around a part with other characters. Tables that are not there are made; whether
/// the key exists is checked where the tree is read.
void apply_overrides(ConfigNode& root, const std::vector<std::string>& overrides,
                     Problems& problems);

}  // namespace kith::host
