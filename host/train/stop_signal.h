// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kith::host {

/// SIGINT (Ctrl-C), SIGTERM and SIGHUP (a closed terminal) while it lives: the first asks the run
/// to write a checkpoint and stop, a second SIGINT or SIGTERM ends the process at once. One object
/// at a time. [main thread]
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  /// The signal that came, or 0.
  int received() const;
};

}  // namespace kith::host
