// SPDX-License-Identifier: Apache-2.0
#include "process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace kith::integration {
namespace {

std::filesystem::path make_output_file() {
  std::string pattern = (std::filesystem::temp_directory_path() / "kith_output_XXXXXX").string();
  const int file = ::mkstemp(pattern.data());
  if (file < 0) throw std::runtime_error("no temporary file");
  ::close(file);
  return pattern;
}

std::string take_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  std::filesystem::remove(path);
  return text;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

}  // namespace

void preload(std::map<std::string, std::string>& environment, const std::string& library) {
  environment["LD_PRELOAD"] = library;
  environment["ASAN_OPTIONS"] += ":verify_asan_link_order=0";
}

Process::Process(const Command& command)
    : out_file_(make_output_file()), err_file_(make_output_file()) {
  spawn(command);
  if (terminal_ < 0) return;
  terminal_reader_ = std::thread([this] {
    std::array<char, 4096> block{};
    ssize_t got = 0;
    while ((got = ::read(terminal_, block.data(), block.size())) > 0 ||
           (got < 0 && errno == EINTR)) {
      if (got > 0) terminal_text_.append(block.data(), static_cast<std::size_t>(got));
    }
  });
}

void Process::spawn(const Command& command) {
  std::string out = out_file_.string();
  if (command.terminal) {
    terminal_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    std::array<char, 64> name{};
    if (terminal_ < 0 || ::grantpt(terminal_) != 0 || ::unlockpt(terminal_) != 0 ||
        ::ptsname_r(terminal_, name.data(), name.size()) != 0) {
      throw std::runtime_error("no pseudo terminal");
    }
    out = name.data();
  }
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addchdir_np(&actions, command.folder.c_str());
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), O_WRONLY | O_NOCTTY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err_file_.c_str(), O_WRONLY, 0);
  // A group of its own, so that what it started ends with it.
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> environment;
  for (const auto& [name, value] : command.environment) environment.push_back(name + "=" + value);
  const int error = ::posix_spawnp(&pid_, command.program[0].c_str(), &actions, &attributes,
                                   pointers(command.program).data(), pointers(environment).data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    throw std::runtime_error("cannot start " + command.program[0] + ": " + std::strerror(error));
  }
}

Process::~Process() {
  if (ended_) return;
  ::kill(-pid_, SIGKILL);
  int status = 0;
  rusage used{};
  while (::wait4(pid_, &status, 0, &used) < 0 && errno == EINTR) {
  }
  finish(status, used.ru_maxrss);
}

void Process::send(int signal) const { ::kill(pid_, signal); }

void Process::finish(int status, long peak_memory_kib) {
  ended_ = true;
  outcome_.peak_memory_kib = peak_memory_kib;
  if (WIFEXITED(status)) outcome_.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) outcome_.signal = WTERMSIG(status);
  if (terminal_reader_.joinable()) {
    terminal_reader_.join();  // the last writer has gone, so that the read ends
    ::close(terminal_);
  }
  outcome_.out = terminal_text_ + take_text(out_file_);
  outcome_.err = take_text(err_file_);
}

bool Process::running() {
  if (ended_) return false;
  int status = 0;
  rusage used{};
  if (::wait4(pid_, &status, WNOHANG, &used) != pid_) return true;
  finish(status, used.ru_maxrss);
  return false;
}

Outcome Process::wait(std::chrono::seconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (running()) {
    if (!outcome_.timed_out && std::chrono::steady_clock::now() > end) {
      outcome_.timed_out = true;
      ::kill(-pid_, SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  if (outcome_.timed_out) outcome_.code = -1;
  return outcome_;
}

}  // namespace kith::integration
