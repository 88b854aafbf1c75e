// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "pairs.h"

namespace kith::benchmarks {

struct ChildResult {
  Duration duration;     ///< seconds, from the start until `until` was read, or until it ended
  bool reached = false;  ///< `until` was read; without one: exit code 0
  std::string output;    ///< standard output and error
};

/// Runs a program, found in PATH. With `until` it is killed as soon as its output has that text.
/// Variables of `environment` are set for it alone.
ChildResult run_child(const std::vector<std::string>& command, const std::string& until = "",
                      const std::vector<std::pair<std::string, std::string>>& environment = {});

}  // namespace kith::benchmarks
