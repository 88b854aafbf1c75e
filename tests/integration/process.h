// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace kith::integration {

/// How a process ended and what it wrote.
struct Outcome {
  int code = -1;             ///< exit code; -1 if a signal or the time limit ended it
  int signal = 0;            ///< the signal that ended it, or 0
  bool timed_out = false;    ///< it was killed because it took too long
  long peak_memory_kib = 0;  ///< most memory that it had resident
  std::string out, err;
};

/// What to start. `program[0]` is looked for in PATH if it has no '/'.
struct Command {
  std::vector<std::string> program;
  std::map<std::string, std::string> environment;  ///< all of it
  std::filesystem::path folder;                    ///< the folder to start in
  bool terminal = false;                           ///< standard output is a terminal
};

/// Has a library loaded into the program before all others; with the address sanitizer too, which
/// wants to be the first.
void preload(std::map<std::string, std::string>& environment, const std::string& library);

/// A process that was started; killed if it still runs when the object goes.
class Process {
 public:
  explicit Process(const Command& command);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void send(int signal) const;
  bool running();
  /// Waits until it ends; kills it after `limit`.
  Outcome wait(std::chrono::seconds limit = std::chrono::seconds(180));

 private:
  void spawn(const Command& command);
  void finish(int status, long peak_memory_kib);

  std::filesystem::path out_file_, err_file_;
  int terminal_ = -1;  ///< the reading end
  std::thread terminal_reader_;
  std::string terminal_text_;
  pid_t pid_ = -1;
  bool ended_ = false;
  Outcome outcome_;
};

}  // namespace kith::integration
