// SPDX-License-Identifier: Apache-2.0
#include "store/run_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <kith/error.hpp>
#include <string>

namespace kith::host {

namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "?";
}

// The text that the owner wrote: "<pid> on <machine>".
std::string read_owner(const FileDescriptor& file) {
  std::array<char, 300> text{};
  const ssize_t got = ::pread(file.fd(), text.data(), text.size() - 1, 0);
  std::string owner(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  if (!owner.empty() && owner.back() == '\n') owner.pop_back();
  return owner.empty() ? "?" : owner;
}

}  // namespace

FileDescriptor lock_run(const std::filesystem::path& folder) {
  FileDescriptor file(folder / "run.lock", O_RDWR | O_CREAT, "lock");
  int status = 0;
  do {
    status = ::flock(file.fd(), LOCK_EX | LOCK_NB);
  } while (status != 0 && errno == EINTR);
  if (status != 0 && errno == EWOULDBLOCK) {
    throw DataError("run: '" + folder.string() + "' is in use by process " + read_owner(file) +
                    "; wait until it ends, or stop it");
  }
  if (status != 0) throw_system_error("lock", file.path(), errno);
  const std::string owner = std::to_string(::getpid()) + " on " + host_name() + "\n";
  if (::ftruncate(file.fd(), 0) != 0) throw_system_error("lock", file.path(), errno);
  file.write_at(owner.data(), owner.size(), 0);
  return file;
}

}  // namespace kith::host
