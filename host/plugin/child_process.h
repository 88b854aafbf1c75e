// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace kith::host {

/// How a child process ended and what it left.
struct ChildResult {
  bool timed_out = false;
  int signal = 0;      ///< that ended it, 0: none
  int exit_code = 0;   ///< if no signal did
  std::string output;  ///< its standard output and standard error, at most the last 64 KiB
  std::string report;  ///< what it wrote on descriptor 3, at most 1 MiB
};

/// Starts a program as Spawn does, waits for it, and ends it with all that it started when the time
/// is up.
///
/// @throws kith::Error  if it cannot be started.
ChildResult run_child_process(const std::vector<std::string>& command,
                              std::chrono::milliseconds time_limit);

/// "was ended by signal 11 (Segmentation fault)", "ended the process with exit code 0", "did not
/// return within 30.0 s".
std::string how_it_ended(const ChildResult& child, std::chrono::milliseconds time_limit);

/// The last lines that a child printed, as one line without control characters.
std::string last_words(const std::string& output);

/// The child's side: it ends with its parent, leaves no core file, and its address space may grow
/// by so much from now on. A fixed limit would not do: LibTorch maps much more than it uses.
void restrict_this_child(std::uint64_t megabytes);

}  // namespace kith::host
