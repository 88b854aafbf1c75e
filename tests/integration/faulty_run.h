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
  /// 2 epochs of kQueueMethod with a checkpoint and an evaluation after each.
  static std::string short_experiment();

  /// What is run; a test may set another.
  std::string run_text = short_experiment();

  /// One counted call: "write", "/folder/of/the/run/log.jsonl".
  struct Call {
    std::string kind;
    std::filesystem::path file;

    /// Whether it is a call on a file of this name, or on what is written aside to become it.
    bool is_of(const std::string& target) const;
  };
  /// Positions of calls in a run's order, both included, from 1 as the shim counts.
  struct Range {
    long first = 0, last = 0;
  };

  /// `kith run` of run_text, whose call number `at` under the run's folder is hit.
  Outcome run_with_fault(const std::filesystem::path& made, const std::string& action,
                         long at) const;
  /// The calls of a run that nothing hits.
  std::vector<Call> calls_of_a_run() const;
  /// From the first write of the `number`-th new version of `target` (from 1) to the fsync of its
  /// folder. @throws std::runtime_error if there are fewer.
  static Range version(const std::vector<Call>& calls, const std::string& target, int number);
  /// The last of them.
  static Range last_version(const std::vector<Call>& calls, const std::string& target);
  /// The first calls on `target` behind call `after`, up to the next call on another file.
  /// @throws std::runtime_error if there is none.
  static Range calls_after(const std::vector<Call>& calls, const std::string& target, long after);
};

}  // namespace kith::integration
