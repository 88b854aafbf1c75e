// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "plugin/byte_reader.h"

namespace kith::host {

/// Largest plugin file that is read: 256 MiB.
inline constexpr std::uintmax_t kMaxPluginBytes = std::uintmax_t{256} << 20;

/// An open file's descriptor, closed with its object.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }
  /// Gives the descriptor away: it stays open.
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// A plugin's bytes, which stay in the open file. They were digested once, as a whole and block by
/// block; each block that is looked at later is held against its digest, so that everything that is
/// seen is of the bytes whose SHA-256 this is, whatever happens to the file meanwhile.
class PluginFile : public ByteReader {
 public:
  std::filesystem::path path;
  std::string sha256;  ///< 64 hexadecimal digits, of all bytes

  std::uint64_t size() const override { return size_; }
  /// @throws PluginRefused  kChanged, if the file no longer has the bytes that were digested.
  void read(std::uint64_t offset, std::span<std::byte> out) const override;
  /// All bytes in order, a block at a time. @throws PluginRefused as read.
  void for_each_block(const std::function<void(std::span<const std::byte>)>& take) const;

 private:
  friend PluginFile read_plugin_file(const std::filesystem::path& path);

  struct Block {
    std::size_t index = SIZE_MAX;
    std::vector<std::byte> bytes;
  };

  const Block& block(std::size_t index) const;
  void load(std::size_t index, Block& block) const;

  Descriptor file_;
  std::uint64_t size_ = 0;
  std::vector<std::array<std::uint8_t, 32>> digests_;  ///< SHA-256 of each block
  mutable std::array<Block, 8> cache_;                 ///< the blocks that were read last
  mutable std::size_t next_ = 0;                       ///< the place in the cache that goes next
};

/// Opens and digests a plain file; a folder, a pipe, an empty or a huge file is refused without
/// blocking.
///
/// @throws PluginRefused  kUnreadable, kTooLarge.
PluginFile read_plugin_file(const std::filesystem::path& path);

/// Refuses a file whose bytes are not those of the digest that was checked.
/// @throws PluginRefused kChanged
[[noreturn]] void refuse_changed(const PluginFile& file, const std::string& checked);

}  // namespace kith::host
