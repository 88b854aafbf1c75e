// SPDX-License-Identifier: Apache-2.0
#include "store/file_descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <kith/error.hpp>
#include <system_error>

namespace kith::host {

namespace {

// Linux transfers at most 0x7ffff000 bytes a call.
constexpr std::size_t kLargestTransfer = std::size_t{1} << 30;

}  // namespace

void throw_system_error(const std::string& action, const std::filesystem::path& path,
                        int error_number, const std::string& hint) {
  std::string text = "store: cannot " + action + " '" + path.string() +
                     "': " + std::generic_category().message(error_number);
  if (!hint.empty()) text += "; " + hint;
  throw DataError(text);
}

FileDescriptor::FileDescriptor(std::filesystem::path path, int flags, const std::string& action)
    : path_(std::move(path)) {
  do {
    fd_ = ::open(path_.c_str(), flags | O_CLOEXEC, 0666);
  } while (fd_ < 0 && errno == EINTR);
  if (fd_ < 0) throw_system_error(action, path_, errno);
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    path_ = std::move(other.path_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

std::uint64_t FileDescriptor::size() const {
  struct stat facts {};
  if (::fstat(fd_, &facts) != 0) throw_system_error("read", path_, errno);
  return static_cast<std::uint64_t>(facts.st_size);
}

void FileDescriptor::write(const void* data, std::size_t size) {
  const auto* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t done = ::write(fd_, bytes, std::min(size, kLargestTransfer));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) throw_system_error("write", path_, errno);
    bytes += done;
    size -= static_cast<std::size_t>(done);
  }
}

void FileDescriptor::write_at(const void* data, std::size_t size, std::uint64_t offset) {
  const auto* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t done =
        ::pwrite(fd_, bytes, std::min(size, kLargestTransfer), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) throw_system_error("write", path_, errno);
    bytes += done;
    size -= static_cast<std::size_t>(done);
    offset += static_cast<std::uint64_t>(done);
  }
}

void FileDescriptor::read(void* data, std::size_t size) {
  auto* bytes = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t done = ::read(fd_, bytes, std::min(size, kLargestTransfer));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) throw_system_error("read", path_, errno);
    if (done == 0) {
      throw DataError("store: cannot read '" + path_.string() + "': it ends " +
                      std::to_string(size) + " bytes too early");
    }
    bytes += done;
    size -= static_cast<std::size_t>(done);
  }
}

void FileDescriptor::sync() {
  if (::fsync(fd_) != 0) throw_system_error("make durable", path_, errno);
}

void FileDescriptor::close() {
  const int fd = std::exchange(fd_, -1);
  // On Linux the descriptor is gone whatever close reports, EINTR included.
  if (fd >= 0 && ::close(fd) != 0 && errno != EINTR) throw_system_error("write", path_, errno);
}

}  // namespace kith::host
