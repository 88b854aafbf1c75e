// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/assembly.h"
#include "train/parameter_groups.h"

namespace kith::host {

/// What a step on zeros shows before the first real one.
struct DryRunReport {
  struct Network {
    std::string name;             ///< "encoder", "method", "online_probe"
    std::int64_t parameters = 0;  ///< trained numbers
  };
  std::vector<Network> networks;
  std::vector<std::string> views;      ///< "[256, 1, 28, 28]"
  std::string features;                ///< of the evaluated output: "[256, 512]"
  std::vector<ParameterGroup> groups;  ///< how the optimiser treats which parameters
  std::int64_t checkpoint_bytes = 0;   ///< of one
  std::int64_t feature_bytes = 0;      ///< of all splits in run.h5
  std::vector<std::string> warnings;   ///< what runs, and is hardly meant so
};

/// One forward, backward and optimiser step on the CPU on zeros with the smallest batch that the
/// method declares, on networks that are thrown away; before it, views of noise between guards.
/// @throws what the plugins throw: shapes that do not fit, constructors that fail.
DryRunReport dry_run(const Assembly& assembly);

}  // namespace kith::host
