// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sweep/grid.h"
#include "sweep/run_result.h"
#include "sweep/sweep_folder.h"

namespace kith::host {

/// How cells are started.
struct CellRequest {
  std::filesystem::path program;  ///< kith
  std::string device = "auto";
  std::int64_t at_a_time = 1;
  std::int64_t cores = 1;  ///< for all of them together
  std::function<int()> stop;
};

enum class CellEnd {
  kWaiting,  ///< not begun, or not gone on with
  kDone,
  kFailed,
  kStopped  ///< asked to stop, with a checkpoint to go on from
};

struct CellOutcome {
  CellEnd end = CellEnd::kWaiting;
  std::string error;                ///< why it failed
  std::optional<RunResult> result;  ///< of one that is done
};

struct CellEvents {
  /// @param goes_on  from a checkpoint.
  std::function<void(std::size_t run, const CellPlace& place, bool goes_on)> on_begin;
  /// @param outcomes  by run.
  std::function<void(std::size_t run, const std::vector<CellOutcome>& outcomes)> on_end;
};

/// The outcomes of the runs that are done already; the others wait.
std::vector<CellOutcome> outcomes_so_far(const SweepGrid& grid, const SweepFolder& folder);

/// `kith check` of each setting with a run that is not done, each in a process of its own.
/// @returns  by point, what is wrong; empty where nothing is. A stop ends it with what there is.
std::vector<std::string> check_cells(const SweepGrid& grid,
                                     const std::vector<CellOutcome>& outcomes,
                                     const CellRequest& request);

/// `kith run` of each run that waits, each in a process of its own; one that was begun goes on.
/// A run that fails, or whose process dies, does not end the others. `outcomes` is brought up to
/// date as they end. [main thread: the processes end with the thread that started them]
void run_cells(const SweepGrid& grid, const SweepFolder& folder, const CellRequest& request,
               std::vector<CellOutcome>& outcomes, const CellEvents& events);

}  // namespace kith::host
