// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "conformance/check.h"

namespace kith::conformance {

/// The command word with which this program runs one check: `kith plugin-check FILE CHECK`.
inline constexpr const char* kCheckCommand = "plugin-check";

struct ChildSettings {
  /// The program to start; its main must hand `plugin-check FILE CHECK` to run_check_child().
  std::string program = "/proc/self/exe";
  std::chrono::milliseconds time_limit{120000};  ///< of one check
};

enum class Verdict { kPassed, kFailed, kSkipped };

/// What became of a check.
struct CheckResult {
  Verdict verdict = Verdict::kFailed;
  std::string figures;                ///< what was measured, or why it was skipped
  std::vector<std::string> failures;  ///< what does not hold
  double seconds = 0;
};

/// Runs a check in a process of its own, on the device that KITH_DEVICE names (kith/harness.hpp),
/// so that a plugin which crashes, ends the process or never returns fails this one check and
/// nothing else. [main thread]
/// @throws kith::Error  if no child can be started.
CheckResult run_in_child(const Check& check, const std::filesystem::path& file,
                         const ChildSettings& settings = {});

/// The child's side: runs one check and reports on descriptor 3.
/// @returns  the exit code for main: 0 if it could be run, whatever it found.
int run_check_child(const std::string& file, const std::string& check);

}  // namespace kith::conformance
