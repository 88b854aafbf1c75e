// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace kith::host {

/// `--extend epochs=N`: a run that goes on beyond the end that it began with.
struct Extension {
  std::int64_t epochs = 0;  ///< the new end, counted from the run's first epoch
  /// Schedules that depend on the end are those of the longer run from here on.
  bool stretch_schedules = false;
};

/// @param text  "epochs=N"
/// @throws ConfigError for anything else.
Extension read_extension(const std::string& text, bool stretch_schedules);

/// @param began_with  resolved TOML, as run.h5 keeps it.
/// @returns             the epochs that the run has.
/// @throws ConfigError  if these are as many already; or, unless it is told to stretch them, with
///                      the schedules that depend on the end: tables of kind cosine or linear.
///                      What a method makes of the totals of Progress by itself is not seen.
std::int64_t check_extension(const Extension& extension, const std::string& began_with);

}  // namespace kith::host
