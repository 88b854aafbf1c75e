// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/overrides.h"
#include "config/problems.h"

namespace kith::host {

/// What a sweep's table says of test: "none": no run reads it; "chosen": each run reads it once, at
/// its end, and the table has the numbers of the chosen setting; "all": it has those of all.
enum class TestReport { kNone, kChosen, kAll };

/// One value of an axis: what it changes in the experiment.
struct AxisValue {
  std::string label;                                ///< in tables and pictures; unique in its axis
  std::optional<std::filesystem::path> experiment;  ///< in place of the sweep's
  std::vector<Setting> settings;
  SourcePlace where;
};

/// One direction of the grid.
struct SweepAxis {
  std::string name;
  std::vector<AxisValue> values;          ///< at least one
  std::vector<std::string> known_labels;  ///< of `values` and `small_values`
};

/// What holds for some cells alone.
struct SweepCase {
  struct Labels {
    std::size_t axis = 0;
    std::vector<std::string> labels;  ///< any of them
  };
  std::vector<Labels> where;  ///< all must hold
  std::vector<Setting> settings;
  bool leave_out = false;  ///< these cells are not run
};

/// Whether a cell with these labels, by axis, is one of the case's.
bool holds(const SweepCase& sweep_case, const std::vector<std::string>& labels);

/// A metric that the table has.
struct SweepMetric {
  std::string path;   ///< below /metrics of run.h5: "knn/val/trained/plain/top1"
  std::string key;    ///< that named it: "sweep.choose.metric"
  SourcePlace where;  ///< of its name
};

/// A sweep as its file says, each key checked by itself.
struct SweepFile {
  std::string name;            ///< names the sweep's folder
  std::filesystem::path file;  ///< as it was given
  std::optional<std::filesystem::path> experiment;
  std::vector<Setting> settings;     ///< of every cell; a value of an axis goes before them
  std::vector<SweepAxis> axes;       ///< none: the grid is one cell
  std::vector<SweepCase> cases;      ///< they go over the axes' values, in their order
  std::vector<std::uint64_t> seeds;  ///< empty: the experiment's own
  std::int64_t jobs = 1;             ///< runs at a time
  /// The columns of the table. The best setting is chosen by the first: that of `choose`.
  std::vector<SweepMetric> metrics;
  bool maximise = true;  ///< the largest mean over the seeds is the best
  TestReport report_test = TestReport::kNone;
  /// The table has a line for each row of the evaluations, plain and centred, not the trained
  /// encoder's alone.
  bool with_rows = false;
};

/// Reads a sweep's file; host/sweep/README.md lists its keys. What it names, experiments and
/// settings, is checked where the cells are resolved. [any thread]
/// @param small     the sizes of [small] and the axes' `small_values`; the name then ends in
///                  "-small".
/// @param problems  takes the mistakes.
/// @returns         nothing if the file can't be read; where single keys are wrong, the rest.
std::optional<SweepFile> read_sweep(const std::filesystem::path& path, bool small,
                                    Problems& problems);

}  // namespace kith::host
