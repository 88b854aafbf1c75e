// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kith::host {

/// While it lives, a call of exit() from within, which a plugin can make, is an error: the process
/// says so and ends with kExitError, whatever code was given. Without it a run that a plugin cut
/// short could end with 0.
class ExitWatch {
 public:
  ExitWatch();
  ~ExitWatch();
  ExitWatch(const ExitWatch&) = delete;
  ExitWatch& operator=(const ExitWatch&) = delete;
};

}  // namespace kith::host
