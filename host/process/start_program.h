// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spawn.h>
#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace kith::host {

/// How a program is started: in a process group of its own, with nothing on its standard input, no
/// signal blocked and each handled as the system does. By posix_spawn: this process may have
/// threads, which fork would not copy. [one thread]
class Spawn {
 public:
  Spawn();
  ~Spawn();
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;

  /// The child's `descriptor` is this process's `open_one`.
  void give(int descriptor, int open_one);
  /// The child's `descriptor` writes to a file, which is made if need be. @param flags  O_APPEND or
  /// O_TRUNC
  void write_to(int descriptor, const std::filesystem::path& file, int flags);

  /// @param command      the program's path and its arguments.
  /// @param environment  added to this process's own, in place of what has the same name there.
  /// @param failure      what the error's text begins with: "sweep: cannot start /bin/x".
  /// @throws kith::Error  if it cannot be started.
  pid_t start(const std::vector<std::string>& command,
              const std::map<std::string, std::string>& environment,
              const std::string& failure) const;

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

/// "was ended by signal 9 (Killed)".
std::string ended_by(int signal);

}  // namespace kith::host
