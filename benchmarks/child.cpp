// SPDX-License-Identifier: Apache-2.0
#include "child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

extern char** environ;

namespace kith::benchmarks {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (auto& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> with(const std::vector<std::pair<std::string, std::string>>& changes) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    bool replaced = false;
    for (const auto& [name, value] : changes) replaced = replaced || text.starts_with(name + "=");
    if (!replaced) all.push_back(text);
  }
  for (const auto& [name, value] : changes) all.push_back(name + "=" + value);
  return all;
}

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
}

}  // namespace

ChildResult run_child(const std::vector<std::string>& command, const std::string& until,
                      const std::vector<std::pair<std::string, std::string>>& environment) {
  auto words = command;
  auto variables = with(environment);
  const auto argv = pointers(words), envp = pointers(variables);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("benchmark: no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  ChildResult result;
  const double begin = seconds_of(CLOCK_MONOTONIC);
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (failed != 0) {
    ::close(ends[0]);
    throw std::runtime_error("benchmark: cannot start '" + command[0] + "'");
  }
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    result.output.append(buffer, static_cast<std::size_t>(n));
    if (until.empty() || result.output.find(until) == std::string::npos) continue;
    result.reached = true;
    ::kill(child, SIGKILL);
    break;
  }
  ::close(ends[0]);
  if (result.reached) result.duration.wall = seconds_of(CLOCK_MONOTONIC) - begin;
  int status = 0;
  rusage used{};
  ::wait4(child, &status, 0, &used);
  if (!result.reached) result.duration.wall = seconds_of(CLOCK_MONOTONIC) - begin;
  result.duration.cpu = seconds(used.ru_utime) + seconds(used.ru_stime);
  if (until.empty()) result.reached = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return result;
}

}  // namespace kith::benchmarks
