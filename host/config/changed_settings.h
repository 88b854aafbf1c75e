// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config/config_node.h"

namespace kith::host {

/// A setting that two experiments have differently.
struct ChangedSetting {
  std::string key;     ///< "optimizer.base_lr", "views.0.size"
  std::string before;  ///< `0.1`, `[8, 16]`, `{ plugin = "org.kith.flip" }`; "not set"
  std::string after;
};

/// Where two experiments differ, key by key in the order of the first; of lists with equally many
/// items item by item.
std::vector<ChangedSetting> changed_settings(const ConfigNode& before, const ConfigNode& after);

}  // namespace kith::host
