// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "workshop.h"

namespace kith::integration {

/// Sweeps over the small experiment, which is base.toml, with one thread a run.
class SweepWorkshop : public Workshop {
 protected:
  SweepWorkshop();

  /// Writes sweep.toml: the head of every sweep of these tests, and `text`.
  void sweep(const std::string& text) const;
  /// `kith sweep sweep.toml` with `more`, which must end with `code`.
  Outcome run_sweep(int code, const std::vector<std::string>& more = {}) const;
  std::filesystem::path made() const { return runs() / "try"; }
  /// Run folders by name without the id: "0.1-seed1".
  std::map<std::string, std::filesystem::path> cells(const std::filesystem::path& sweep) const;
  /// Waits until a cell's log has so many lines, or the process has ended.
  void wait_for_lines(Process& process, const std::string& cell, long lines) const;
  /// The table.csv as rows of fields; none of these tests' fields has a comma.
  std::vector<std::vector<std::string>> table() const;
  /// A metric of a run as its log has it.
  static double logged(const std::filesystem::path& run, const std::string& metric);
};

/// An axis of two learning rates, and seeds.
inline constexpr const char* kTwoRates = R"(
[[axis]]
name = "rate"
key = "optimizer.base_lr"
values = [0.001, 0.01]
)";

}  // namespace kith::integration
