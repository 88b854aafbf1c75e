// SPDX-License-Identifier: Apache-2.0
#include "sweep/cell_process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <csignal>
#include <fstream>

#include "process/start_program.h"

namespace kith::host {
namespace {

/// A line of the log, "12:30:01 ...", and no error.
bool is_log_line(const std::string& line) {
  return line.size() > 8 && line[2] == ':' && line[5] == ':' && std::isdigit(line[0]) != 0 &&
         std::isdigit(line[7]) != 0;
}

}  // namespace

std::string end_text(const ProcessEnd& end) {
  if (end.signal != 0) return ended_by(end.signal);
  return "ended with exit code " + std::to_string(end.code);
}

std::string last_error(const std::filesystem::path& errors) {
  constexpr std::size_t kMostLines = 8, kMostBytes = 2000;
  std::vector<std::string> lines;
  std::ifstream file(errors, std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || is_log_line(line)) continue;
    lines.push_back(line);
    if (lines.size() > kMostLines) lines.erase(lines.begin());
  }
  std::string text;
  for (const auto& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text.size() > kMostBytes ? text.substr(text.size() - kMostBytes) : text;
}

CellProcess::CellProcess(const std::vector<std::string>& command,
                         const std::map<std::string, std::string>& environment,
                         const std::filesystem::path& output, const std::filesystem::path& errors) {
  Spawn spawn;
  spawn.write_to(STDOUT_FILENO, output, O_APPEND);
  spawn.write_to(STDERR_FILENO, errors, O_TRUNC);
  pid_ = spawn.start(command, environment, "sweep: cannot start " + command[0]);
}

CellProcess::~CellProcess() {
  if (end_) return;
  ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void CellProcess::send(int signal) const {
  if (!end_) ::kill(pid_, signal);
}

std::optional<ProcessEnd> CellProcess::ended() {
  int status = 0;
  if (end_ || ::waitpid(pid_, &status, WNOHANG) != pid_) return end_;
  end_ = ProcessEnd{WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                    WIFSIGNALED(status) ? WTERMSIG(status) : 0};
  return end_;
}

}  // namespace kith::host
