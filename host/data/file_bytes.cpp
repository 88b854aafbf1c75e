// SPDX-License-Identifier: Apache-2.0
#include "data/file_bytes.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <kith/error.hpp>
#include <memory>
#include <system_error>

#include "digest/sha256.h"

namespace kith::host {
namespace {

struct CloseFile {
  void operator()(std::FILE* f) const { std::fclose(f); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

constexpr std::size_t kPiece = std::size_t{1} << 20;

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& what) {
  throw DataError("data: '" + file.string() + "': " + what);
}

File open_file(const std::filesystem::path& file) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) fail(file, "wanted a file, got a folder");
  File opened(std::fopen(file.c_str(), "rb"));
  if (!opened) fail(file, std::string("cannot be opened: ") + std::strerror(errno));
  return opened;
}

/// Reads up to out.size() bytes and returns how many there were.
std::size_t read_piece(std::FILE* opened, const std::filesystem::path& file,
                       std::span<std::uint8_t> out) {
  const std::size_t got = std::fread(out.data(), 1, out.size(), opened);
  if (got < out.size() && std::ferror(opened) != 0) {
    fail(file, std::string("cannot be read: ") + std::strerror(errno));
  }
  return got;
}

struct InflateStream {
  z_stream stream{};
  ~InflateStream() { inflateEnd(&stream); }
};

}  // namespace

std::vector<std::uint8_t> read_file(const std::filesystem::path& file, std::size_t limit) {
  const File opened = open_file(file);
  std::error_code no_size;
  const auto on_disk = std::filesystem::file_size(file, no_size);
  std::vector<std::uint8_t> bytes;
  // One byte more than the size, so that the end is seen without a second piece.
  std::size_t piece = no_size ? kPiece : static_cast<std::size_t>(on_disk) + 1;
  while (bytes.size() < limit) {
    const std::size_t old = bytes.size();
    const std::size_t wanted = std::min(piece, limit - old);
    bytes.resize(old + wanted);
    const std::size_t got = read_piece(opened.get(), file, std::span(bytes).subspan(old));
    bytes.resize(old + got);
    if (got < wanted) break;
    piece = kPiece;
  }
  return bytes;
}

std::vector<std::uint8_t> unpack_gzip(std::span<const std::uint8_t> packed, std::size_t limit,
                                      const std::filesystem::path& file) {
  constexpr int kGzip = 16 + MAX_WBITS;
  InflateStream inflater;
  z_stream& z = inflater.stream;
  if (inflateInit2(&z, kGzip) != Z_OK) fail(file, "zlib cannot start");
  std::vector<std::uint8_t> out;
  std::size_t taken = 0;
  while (out.size() < limit) {
    const std::size_t old = out.size();
    out.resize(old + std::min(limit - old, std::max(kPiece, old)));
    const std::size_t give = std::min<std::size_t>(packed.size() - taken, kPiece * 64);
    const std::size_t room = std::min<std::size_t>(out.size() - old, kPiece * 64);
    z.next_in = const_cast<Bytef*>(packed.data() + taken);
    z.avail_in = static_cast<uInt>(give);
    z.next_out = out.data() + old;
    z.avail_out = static_cast<uInt>(room);
    const int status = inflate(&z, Z_NO_FLUSH);
    taken += give - z.avail_in;
    out.resize(old + room - z.avail_out);
    if (status == Z_STREAM_END) {
      if (taken == packed.size()) return out;
      if (inflateReset(&z) != Z_OK) fail(file, "zlib cannot start");
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      fail(file, std::string("gzip data is damaged after ") + std::to_string(out.size()) +
                     " bytes: " + (z.msg != nullptr ? z.msg : "unknown"));
    } else if (taken == packed.size() && z.avail_out > 0) {
      fail(file, "gzip data ends early, after " + std::to_string(out.size()) + " unpacked bytes");
    }
  }
  return out;
}

std::string sha256_file(const std::filesystem::path& file) {
  const File opened = open_file(file);
  std::vector<std::uint8_t> piece(kPiece);
  Sha256 sha;
  for (std::size_t got = kPiece; got == kPiece;) {
    got = read_piece(opened.get(), file, piece);
    sha.update(piece.data(), got);
  }
  return sha.finish();
}

std::uint64_t sha256_prefix(const std::string& text) {
  Sha256 sha;
  sha.update(text.data(), text.size());
  const auto digest = sha.digest();
  std::uint64_t prefix = 0;
  for (int i = 0; i < 8; ++i) prefix = prefix << 8 | digest[static_cast<std::size_t>(i)];
  return prefix;
}

void check_folder(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (std::filesystem::is_directory(folder, ignored)) return;
  if (std::filesystem::exists(folder, ignored)) fail(folder, "wanted a folder, got a file");
  std::filesystem::path nearest = std::filesystem::absolute(folder);
  while (nearest.has_relative_path() && !std::filesystem::is_directory(nearest, ignored)) {
    nearest = nearest.parent_path();
  }
  fail(folder, "no such folder; the nearest that exists is '" + nearest.string() + "'");
}

}  // namespace kith::host
