// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "sweep/cell_process.h"

namespace kith::host {

/// A process of a pool.
struct PoolJob {
  std::vector<std::string> command;
  std::int64_t threads = 1;  ///< its share of the cores; it is told so by KITH_CORES
  std::filesystem::path output, errors;
};

struct PoolLimits {
  std::int64_t at_a_time = 1;  ///< processes
  std::int64_t cores = 1;      ///< that the shares of all processes must not exceed together
};

/// What a pool asks and tells. [the thread of run_pool]
struct PoolEvents {
  /// Makes a job just before it is started.
  std::function<PoolJob(std::size_t index)> make;
  std::function<void(std::size_t index, const ProcessEnd& end)> on_end;
  /// The signal that asks all to stop, or 0.
  std::function<int()> stop;
};

/// Runs `count` jobs in their order, several at a time. A job whose share does not fit waits, and
/// one that is larger than the cores runs alone. When `stop` gives a signal, those that run are
/// sent SIGTERM once, no more are started, and those that were are waited for.
/// @returns  false if it was stopped before all were done.
bool run_pool(std::size_t count, const PoolLimits& limits, const PoolEvents& events);

}  // namespace kith::host
