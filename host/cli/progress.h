// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "cli/screen.h"
#include "train/trainer.h"

namespace kith::host {

/// Shows how far training is: a bar with rate, loss and time left on a terminal, plain lines
/// elsewhere. [train thread]
class Progress {
 public:
  Progress(const Screen& screen, std::int64_t first_step, std::int64_t steps, std::int64_t epochs);
  /// A terminal's line is drawn anew; elsewhere a line at the end of each epoch and every 10 s.
  void show(const StepRecord& record);
  /// Ends the bar's line, so that other text can follow.
  void pause();

 private:
  std::string line(const StepRecord& record) const;

  const Screen& screen_;
  bool terminal_;
  bool drawn_ = false;
  std::int64_t first_step_, steps_, epochs_;
  std::chrono::steady_clock::time_point start_, last_line_;
};

}  // namespace kith::host
