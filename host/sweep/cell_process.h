// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kith::host {

/// How a process ended.
struct ProcessEnd {
  int code = -1;   ///< exit code; -1 if a signal ended it
  int signal = 0;  ///< that ended it, 0: none
};

/// "ended with exit code 4", "was ended by signal 9 (Killed)".
std::string end_text(const ProcessEnd& end);

/// What a process has to say about its end: the last lines of its standard error, without those of
/// the log. Empty if there are none.
std::string last_error(const std::filesystem::path& errors);

/// A process of its own group: what ends this one, as Ctrl-C, does not reach it by itself.
/// [one thread, the one that made it]
class CellProcess {
 public:
  /// @param command      the program's path and its arguments.
  /// @param environment  added to this process's own.
  /// @param output       standard output is appended to it.
  /// @param errors       standard error; what was in it goes.
  /// @throws kith::Error  if it can't be started.
  CellProcess(const std::vector<std::string>& command,
              const std::map<std::string, std::string>& environment,
              const std::filesystem::path& output, const std::filesystem::path& errors);
  /// Kills it if it still runs.
  ~CellProcess();
  CellProcess(const CellProcess&) = delete;
  CellProcess& operator=(const CellProcess&) = delete;

  void send(int signal) const;
  /// How it ended, if it has.
  std::optional<ProcessEnd> ended();

 private:
  pid_t pid_ = -1;
  std::optional<ProcessEnd> end_;
};

}  // namespace kith::host
