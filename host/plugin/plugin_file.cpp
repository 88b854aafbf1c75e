// SPDX-License-Identifier: Apache-2.0
#include "plugin/plugin_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "digest/sha256.h"
#include "plugin/refusal.h"

namespace kith::host {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{64} << 10;

[[noreturn]] void refuse(RefusalCode code, const std::filesystem::path& path,
                         const std::string& has, const std::string& todo) {
  throw PluginRefused({code, "'" + path.filename().string() + "' cannot be read as a plugin",
                       path.string() + ": " + has, "wants a plain file of 1 byte to 256 MiB",
                       todo});
}

/// Reads from a place until `out` is full or the file ends; how many bytes came.
std::size_t read_at(int file, std::uint64_t offset, std::span<std::byte> out,
                    const std::filesystem::path& path) {
  std::size_t have = 0;
  while (have < out.size()) {
    const ssize_t got =
        ::pread(file, out.data() + have, out.size() - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      refuse(RefusalCode::kUnreadable, path, std::strerror(errno), "check the file system");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  return have;
}

std::array<std::uint8_t, 32> digest_of(std::span<const std::byte> bytes) {
  Sha256 digest;
  digest.update(bytes.data(), bytes.size());
  return digest.digest();
}

std::size_t block_size(std::uint64_t file_size, std::size_t index) {
  const std::uint64_t begin = std::uint64_t{index} * kBlockBytes;
  return static_cast<std::size_t>(std::min<std::uint64_t>(kBlockBytes, file_size - begin));
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

void refuse_changed(const PluginFile& file, const std::string& checked) {
  throw PluginRefused({RefusalCode::kChanged,
                       "'" + file.path.filename().string() + "' changed while it was checked",
                       file.path.string(), "checked SHA-256 " + checked,
                       "try again when nothing writes the file"});
}

void PluginFile::load(std::size_t index, Block& block) const {
  block.index = SIZE_MAX;  // until it is known to be right
  block.bytes.resize(block_size(size_, index));
  const auto have = read_at(file_.get(), std::uint64_t{index} * kBlockBytes, block.bytes, path);
  if (have != block.bytes.size() || digest_of(block.bytes) != digests_[index])
    refuse_changed(*this, sha256);
  block.index = index;
}

const PluginFile::Block& PluginFile::block(std::size_t index) const {
  for (const Block& known : cache_)
    if (known.index == index) return known;
  Block& place = cache_[next_++ % cache_.size()];
  load(index, place);
  return place;
}

void PluginFile::read(std::uint64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const Block& from = block(static_cast<std::size_t>(offset / kBlockBytes));
    const auto inside = static_cast<std::size_t>(offset % kBlockBytes);
    const std::size_t count = std::min(out.size(), from.bytes.size() - inside);
    std::memcpy(out.data(), from.bytes.data() + inside, count);
    out = out.subspan(count);
    offset += count;
  }
}

void PluginFile::for_each_block(const std::function<void(std::span<const std::byte>)>& take) const {
  Block current;
  for (std::size_t index = 0; index < digests_.size(); ++index) {
    load(index, current);
    take(current.bytes);
  }
}

PluginFile read_plugin_file(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a pipe must not wait for a writer.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
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
  out.size_ = static_cast<std::uint64_t>(info.st_size);
  Sha256 whole;
  std::vector<std::byte> bytes;
  for (std::uint64_t at = 0; at < out.size_; at += bytes.size()) {
    bytes.resize(block_size(out.size_, out.digests_.size()));
    if (read_at(file.get(), at, bytes, path) != bytes.size())
      refuse(RefusalCode::kUnreadable, path, "a file that shrank while it was read",
             "wait until it is written");
    whole.update(bytes.data(), bytes.size());
    out.digests_.push_back(digest_of(bytes));
  }
  out.sha256 = whole.finish();
  out.file_ = std::move(file);
  return out;
}

}  // namespace kith::host
