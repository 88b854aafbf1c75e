// SPDX-License-Identifier: Apache-2.0
#include "process/start_program.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <kith/error.hpp>

extern "C" char** environ;

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

}  // namespace

Spawn::Spawn() {
  ::posix_spawn_file_actions_init(&actions_);
  ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
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

Spawn::~Spawn() {
  ::posix_spawn_file_actions_destroy(&actions_);
  ::posix_spawnattr_destroy(&attributes_);
}

void Spawn::give(int descriptor, int open_one) {
  ::posix_spawn_file_actions_adddup2(&actions_, open_one, descriptor);
}

void Spawn::write_to(int descriptor, const std::filesystem::path& file, int flags) {
  ::posix_spawn_file_actions_addopen(&actions_, descriptor, file.c_str(),
                                     O_WRONLY | O_CREAT | flags, kFilesMode);
}

pid_t Spawn::start(const std::vector<std::string>& command,
                   const std::map<std::string, std::string>& environment,
                   const std::string& failure) const {
  const auto variables = environment_with(environment);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, command[0].c_str(), &actions_, &attributes_,
                                  pointers(command).data(), pointers(variables).data());
  if (error != 0) throw Error(failure + ": " + std::strerror(error));
  return pid;
}

std::string ended_by(int signal) {
  return "was ended by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
}

}  // namespace kith::host
