// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

namespace kith::host {

/// Throws a DataError "store: cannot <action> '<path>': <the system's text>[; <hint>]".
[[noreturn]] void throw_system_error(const std::string& action, const std::filesystem::path& path,
                                     int error_number, const std::string& hint = "");

/// An open file that is closed with its object and never leaks into a child process. Every function
/// that fails throws a DataError with the path and the system's text.
class FileDescriptor {
 public:
  FileDescriptor() = default;

  /// open(2) with O_CLOEXEC added; `action` is the word for messages ("read", "create", "lock").
  FileDescriptor(std::filesystem::path path, int flags, const std::string& action);
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept
      : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;

  int fd() const { return fd_; }
  const std::filesystem::path& path() const { return path_; }

  /// Size in bytes.
  std::uint64_t size() const;

  /// Writes all bytes at the current end or position; a short write goes on.
  void write(const void* data, std::size_t size);

  /// Writes all bytes at an offset and leaves the position alone.
  void write_at(const void* data, std::size_t size, std::uint64_t offset);

  /// Reads exactly `size` bytes from the position.
  /// @throws DataError if the file ends before.
  void read(void* data, std::size_t size);

  /// Makes the content durable.
  void sync();

  /// close(2) with its status checked: a file system may report a full disk only here.
  void close();

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace kith::host
