// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace kith::host {

/// How many threads do what. Together they do not exceed the cores, except on one core, where both
/// are 1.
struct Threads {
  std::int64_t tensor = 1;  ///< of tensor operators
  std::int64_t loader = 1;  ///< that load and augment
};

/// Cores that this process may use.
std::int64_t usable_cores();

/// Fills in what is 0 ("chosen from the cores"): a quarter of the cores loads, the rest computes;
/// with a GPU it is the other way round. @throws ConfigError if the sum exceeds the cores.
Threads resolve_threads(std::int64_t tensor, std::int64_t loader, std::int64_t cores, bool gpu);

}  // namespace kith::host
