// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sweep/summary.h"

namespace kith::host {

/// Where a table of rows (raw pixels, untrained, trained) finds its numbers: on test where the
/// sweep's table has that of all settings, else on val. Not to outlive what it is made of.
class RowPlaces {
 public:
  RowPlaces(const SweepFile& sweep, const SweepSummary& summary)
      : sweep_(sweep), summary_(summary) {}

  /// The title of a metric's column: "knn/top1 (test)".
  std::string title(const std::string& path) const;
  /// The place below /metrics of run.h5; empty where there is none: training has the trained row
  /// alone.
  /// @param row  one of kEvaluationRows
  std::string place(const std::string& path, const std::string& row, bool centred) const;

 private:
  bool is_on_test(const std::string& path) const;

  const SweepFile& sweep_;
  const SweepSummary& summary_;
};

}  // namespace kith::host
