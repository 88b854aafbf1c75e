// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "store/file_descriptor.h"
#include "sweep/grid.h"

namespace kith::host {

/// Where a run of a sweep is on disk.
struct CellPlace {
  std::filesystem::path experiment;  ///< its resolved settings: <cell>.toml
  std::filesystem::path run;         ///< its run folder: <cell>
  std::filesystem::path output;      ///< what `kith run` printed: <cell>.log
  std::filesystem::path errors;      ///< and said on standard error, the last time: <cell>.err
};

/// How far a run of a sweep is.
enum class CellState { kNew, kBegun, kDone };

/// The folder of a sweep.
///
///   <runs>/<name>/   sweep.toml  table.csv  table.md  heatmap.png  run.lock
///   <runs>/<name>/cells/<labels>-seed<seed>-<id>   and .toml, .log, .err beside it
class SweepFolder {
 public:
  explicit SweepFolder(std::filesystem::path path) : path_(std::move(path)) {}

  /// Makes the folder and holds it for this process, while the result lives.
  /// @throws DataError if another process has it, or something can't be written.
  FileDescriptor hold() const;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path cells() const { return path_ / "cells"; }
  /// The place of a run; one that was begun under other labels is found by its id.
  CellPlace place(const SweepGrid& grid, const SweepRun& run) const;
  CellState state(const CellPlace& place) const;
  /// Names of run folders that belong to none of the runs: their settings are in the file no more.
  std::vector<std::string> strangers(const SweepGrid& grid) const;

 private:
  std::filesystem::path path_;
};

}  // namespace kith::host
