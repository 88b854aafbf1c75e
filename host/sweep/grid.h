// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/load_experiment.h"
#include "sweep/sweep_file.h"

namespace kith::host {

/// One setting of the grid: a value of each axis.
struct SweepPoint {
  std::vector<std::size_t> at;      ///< index of the value, by axis
  std::vector<std::string> labels;  ///< of these values
};

/// One setting with one seed: what `kith run` is started for.
struct SweepRun {
  std::size_t point = 0;  ///< index of its setting
  std::uint64_t seed = 0;
  /// 16 hex digits of the SHA-256 of all that the run's numbers come from: its resolved settings
  /// but for loader_threads.
  std::string id;
  std::string resolved_toml;
  std::filesystem::path plugin_folder;  ///< the experiment's folder, where plugins are looked for
  DataConfig data;                      ///< its [data]
  std::int64_t batch_size = 0;
  std::int64_t threads =
      0;  ///< that the experiment asks for: tensor and loader; 0: it does not say
};

struct SweepGrid {
  std::vector<SweepPoint> points;  ///< the last axis is the fastest
  std::vector<SweepRun> runs;      ///< points in order, each with its seeds
  std::vector<std::string> warnings;
};

/// The plugins within reach of experiments in a folder.
using CatalogOf = std::function<const PluginCatalog&(const std::filesystem::path& folder)>;

/// Resolves every cell of a sweep, as `kith run` would resolve it. [any thread]
///
/// Later goes over earlier: the experiment, the sweep's `set` (with that of [small]), the values of
/// the axes in their order, the cases, `overrides`. A point that a case leaves out has no runs.
/// Where test is not reported no run reads it; where it is, each evaluation is made on val after
/// the last epoch too.
///
/// @param overrides  "key=value", for every cell.
/// @param problems   takes the mistakes of all cells, each once, and two cells that are the same.
/// @returns          what could be resolved.
SweepGrid resolve_grid(const SweepFile& sweep, const std::vector<std::string>& overrides,
                       const CatalogOf& catalog, Problems& problems);

/// "head = mlp, width = 64", or the sweep's name where there are no axes.
std::string point_text(const SweepFile& sweep, const SweepPoint& point);
/// The same and "seed 1".
std::string run_text(const SweepFile& sweep, const SweepGrid& grid, const SweepRun& run);

}  // namespace kith::host
