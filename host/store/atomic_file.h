// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "store/file_descriptor.h"

namespace kith::host {

/// File that appears under its name complete and durable, or not at all.
///
/// It is written under a hidden name in the folder of its target (".<name>.<pid>-<n>.partial").
/// commit() fsyncs it, renames it and fsyncs the folder. Without a commit the destructor removes
/// it, and what was there under the name before stays as it was. After SIGKILL the hidden file
/// remains; remove_partial_files takes it away. [one thread]
class AtomicFile {
 public:
  /// @throws DataError if the folder is absent or cannot be written.
  explicit AtomicFile(std::filesystem::path target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends. @throws DataError, for example when the disk is full.
  void write(const void* data, std::size_t size);

  /// Overwrites bytes that were written before.
  void write_at(const void* data, std::size_t size, std::uint64_t offset);

  /// Makes the file durable and gives it its name.
  void commit();

 private:
  std::filesystem::path target_;
  FileDescriptor file_;
  bool committed_ = false;
};

/// A fresh hidden name beside `target`, for a file that another library writes.
std::filesystem::path partial_path(const std::filesystem::path& target);

/// fsyncs the closed file `partial`, renames it to `target` and fsyncs the folder.
/// @throws DataError; `target` is then as it was, unless only the last fsync failed.
void publish_file(const std::filesystem::path& partial, const std::filesystem::path& target);

/// Writes a whole text file through an AtomicFile.
void write_text_file(const std::filesystem::path& path, std::string_view text);

/// Makes created, renamed and removed names in a folder durable.
void sync_folder(const std::filesystem::path& folder);

/// Removes what a killed process left in a folder; only for one who holds the run's lock, since a
/// partial file of a living writer looks the same. A folder that does not exist holds none.
/// @returns the removed paths.
std::vector<std::filesystem::path> remove_partial_files(const std::filesystem::path& folder);

}  // namespace kith::host
