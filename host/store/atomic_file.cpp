// SPDX-License-Identifier: Apache-2.0
#include "store/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <kith/error.hpp>
#include <system_error>
#include <utility>

namespace kith::host {

namespace {

constexpr std::string_view kSuffix = ".partial";

std::filesystem::path folder_of(const std::filesystem::path& path) {
  const auto parent = path.parent_path();
  return parent.empty() ? std::filesystem::path(".") : parent;
}

void rename_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) throw_system_error("replace", to, errno);
  sync_folder(folder_of(to));
}

}  // namespace

std::filesystem::path partial_path(const std::filesystem::path& target) {
  static std::atomic<std::uint64_t> counter{0};
  return folder_of(target) / ("." + target.filename().string() + "." + std::to_string(::getpid()) +
                              "-" + std::to_string(counter++) + std::string(kSuffix));
}

AtomicFile::AtomicFile(std::filesystem::path target)
    : target_(std::move(target)),
      file_(partial_path(target_), O_WRONLY | O_CREAT | O_EXCL, "create") {}

AtomicFile::~AtomicFile() {
  if (!committed_) ::unlink(file_.path().c_str());
}

void AtomicFile::write(const void* data, std::size_t size) { file_.write(data, size); }

void AtomicFile::write_at(const void* data, std::size_t size, std::uint64_t offset) {
  file_.write_at(data, size, offset);
}

void AtomicFile::commit() {
  file_.sync();
  file_.close();
  rename_file(file_.path(), target_);
  committed_ = true;
}

void publish_file(const std::filesystem::path& partial, const std::filesystem::path& target) {
  FileDescriptor file(partial, O_RDWR, "open");
  file.sync();
  file.close();
  rename_file(partial, target);
}

void write_text_file(const std::filesystem::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text.data(), text.size());
  file.commit();
}

void sync_folder(const std::filesystem::path& folder) {
  FileDescriptor handle(folder, O_RDONLY | O_DIRECTORY, "open");
  // Some network file systems have no fsync of a folder and say EINVAL; a rename is all they offer.
  if (::fsync(handle.fd()) != 0 && errno != EINVAL) {
    throw_system_error("make durable", folder, errno);
  }
}

std::vector<std::filesystem::path> remove_partial_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> removed;
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  if (error == std::errc::no_such_file_or_directory) return removed;
  if (error) throw_system_error("list", folder, error.value());
  for (const auto& entry : entries) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with('.') || !name.ends_with(kSuffix) || entry.is_directory()) continue;
    if (::unlink(entry.path().c_str()) != 0) throw_system_error("remove", entry.path(), errno);
    removed.push_back(entry.path());
  }
  return removed;
}

}  // namespace kith::host
