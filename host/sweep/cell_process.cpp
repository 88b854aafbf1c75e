// SPDX-License-Identifier: Apache-2.0
#include "sweep/cell_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <kith/error.hpp>

namespace kith::host {
namespace {

constexpr int kFilesMode = 0644;

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& added) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    if (!added.contains(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [name, value] : added) all.push_back(name + "=" + value);
  return all;
}

/// Files and attributes of posix_spawn: this process may have threads, which fork would not copy.
class SpawnOptions {
 public:
  SpawnOptions(const std::filesystem::path& output, const std::filesystem::path& errors) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions_, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                       kFilesMode);
    ::posix_spawn_file_actions_addopen(&actions_, 2, errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                       kFilesMode);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnOptions() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnOptions(const SpawnOptions&) = delete;
  SpawnOptions& operator=(const SpawnOptions&) = delete;

  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

/// A line of the log, "12:30:01 ...", and no error.
bool is_log_line(const std::string& line) {
  return line.size() > 8 && line[2] == ':' && line[5] == ':' && std::isdigit(line[0]) != 0 &&
         std::isdigit(line[7]) != 0;
}

}  // namespace

std::string end_text(const ProcessEnd& end) {
  if (end.signal != 0)
    return "was ended by signal " + std::to_string(end.signal) + " (" + ::strsignal(end.signal) +
           ")";
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
  const SpawnOptions options(output, errors);
  const auto variables = environment_with(environment);
  const int error =
      ::posix_spawn(&pid_, command[0].c_str(), &options.actions_, &options.attributes_,
                    pointers(command).data(), pointers(variables).data());
  if (error != 0) throw Error("sweep: cannot start " + command[0] + ": " + std::strerror(error));
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
