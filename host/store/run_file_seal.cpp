// SPDX-License-Identifier: Apache-2.0
#include "store/run_file_seal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <kith/error.hpp>
#include <string>
#include <string_view>

#include "digest/sha256.h"
#include "store/file_descriptor.h"

namespace kith::host {

namespace {

constexpr std::string_view kBegin = "\nkith.sha256=";
constexpr std::size_t kDigits = 64;
static_assert(kBegin.size() + kDigits + 1 == kSealSize);

// Reads `size` bytes from the position and hashes them.
std::string hash_bytes(FileDescriptor& file, std::uint64_t size) {
  Sha256 hash;
  std::string block(std::size_t{1} << 20, '\0');
  while (size > 0) {
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(size, block.size()));
    file.read(block.data(), part);
    hash.update(block.data(), part);
    size -= part;
  }
  return hash.finish();
}

}  // namespace

void append_seal(const std::filesystem::path& path) {
  FileDescriptor file(path, O_RDWR, "write");
  const std::uint64_t size = file.size();
  // One byte too many: cutting it off gives back what was reserved behind the end, which a file
  // system may do only when the size changes.
  const std::string seal = std::string(kBegin) + hash_bytes(file, size) + "\n\n";
  file.write(seal.data(), seal.size());
  if (::ftruncate(file.fd(), static_cast<off_t>(size + kSealSize)) != 0) {
    throw_system_error("write", path, errno);
  }
  file.close();
}

bool check_seal(const std::filesystem::path& path) {
  FileDescriptor file(path, O_RDONLY, "read");
  const std::uint64_t size = file.size();
  if (size < kSealSize) return false;
  const std::string digits = hash_bytes(file, size - kSealSize);
  std::string seal(kSealSize, '\0');
  file.read(seal.data(), seal.size());
  if (!seal.starts_with(kBegin) || seal.back() != '\n') return false;
  const std::string wanted = seal.substr(kBegin.size(), kDigits);
  if (digits != wanted) {
    throw DataError("its content does not fit its seal (SHA-256 wanted " + wanted + ", got " +
                    digits + "); it is damaged: move it away, and the run makes a new one");
  }
  return true;
}

}  // namespace kith::host
