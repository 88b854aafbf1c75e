// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "interrupted_run.h"

namespace kith::integration {

/// For runs that are killed, or whose disk fails, at a chosen call of write, fsync or rename
/// (tests/fixtures/faults).
class FaultyRun : public InterruptedRun {
 protected:
  /// 2 epochs with a checkpoint and an evaluation after each.
  static std::string short_experiment();

  /// One counted call: "write", "/folder/of/the/run/log.jsonl".
  struct Call {
    std::string kind;
    std::filesystem::path file;
  };
  /// Positions of calls in a run's order, both included, from 1 as the shim counts.
  struct Range {
    long first = 0, last = 0;
  };

  /// `kith run` of short_experiment(), whose call number `at` under the run's folder is hit.
  Outcome run_with_fault(const std::filesystem::path& made, const std::string& action,
                         long at) const;
  /// The calls of a run that nothing hits.
  std::vector<Call> calls_of_a_run() const;
  /// From the first write of the `number`-th new version of `target` (from 1) to the fsync of its
  /// folder. @throws std::runtime_error if there are fewer.
  static Range version(const std::vector<Call>& calls, const std::string& target, int number);
};

}  // namespace kith::integration
