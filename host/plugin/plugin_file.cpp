// SPDX-License-Identifier: Apache-2.0
#include "plugin/plugin_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "digest/sha256.h"
#include "plugin/refusal.h"

namespace kith::host {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void refuse(RefusalCode code, const std::filesystem::path& path,
                         const std::string& has, const std::string& todo) {
  throw PluginRefused({code, "'" + path.filename().string() + "' cannot be read as a plugin",
                       path.string() + ": " + has, "wants a plain file of 1 byte to 256 MiB",
                       todo});
}

}  // namespace

PluginFile read_plugin_file(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a pipe must not wait for a writer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    const int error = errno;
    refuse(RefusalCode::kUnreadable, path, std::strerror(error),
           error == ENOENT ? "check the path" : "make the file readable for this user");
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0)
    refuse(RefusalCode::kUnreadable, path, std::strerror(errno), "check the file system");
  if (S_ISDIR(info.st_mode))
    refuse(RefusalCode::kUnreadable, path, "a folder", "name the .so file itself");
  if (!S_ISREG(info.st_mode))
    refuse(RefusalCode::kUnreadable, path, "no plain file", "name a .so file");
  if (info.st_size == 0)
    refuse(RefusalCode::kUnreadable, path, "an empty file", "build or copy the plugin again");
  if (static_cast<std::uintmax_t>(info.st_size) > kMaxPluginBytes)
    refuse(RefusalCode::kTooLarge, path, std::to_string(info.st_size) + " bytes",
           "strip the file, or keep data out of it");
  PluginFile out;
  out.path = path;
  out.bytes.resize(static_cast<std::size_t>(info.st_size));
  std::size_t have = 0;
  while (have < out.bytes.size()) {
    const ssize_t got = ::read(file.get(), out.bytes.data() + have, out.bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      refuse(RefusalCode::kUnreadable, path, std::strerror(errno), "check the file system");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  if (have != out.bytes.size())
    refuse(RefusalCode::kUnreadable, path, "a file that shrank while it was read",
           "wait until it is written");
  out.sha256 = sha256_hex(out.bytes);
  return out;
}

}  // namespace kith::host
