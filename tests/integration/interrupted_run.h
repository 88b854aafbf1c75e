// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "workshop.h"

namespace kith::integration {

/// For tests that end a run before it is done.
class InterruptedRun : public Workshop {
 protected:
  struct Interrupted {
    std::filesystem::path folder;
    Outcome outcome;
  };

  static constexpr int kLongSteps = 90;  ///< of long_experiment(): 10 epochs of 9 steps

  InterruptedRun();

  static std::string long_experiment();

  /// Waits until the run's log has so many lines, or the process has ended.
  static void wait_for_steps(Process& process, const std::filesystem::path& run, int lines);

  /// Begins a run in a folder of its own and sends it a signal when its log has `lines` lines,
  /// `later_us` microseconds later. A run that was done before the signal came is begun again.
  Interrupted interrupted(const std::string& text, int lines, int signal, int later_us = 0) const;
  /// The step of the newest checkpoint in a run's folder; 0 if there is none.
  static int newest_step(const std::filesystem::path& run);
  /// Resumes a run to its end; checks that it goes on from its newest checkpoint.
  void finish(const std::filesystem::path& run) const;
};

}  // namespace kith::integration
