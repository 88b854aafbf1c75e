// SPDX-License-Identifier: Apache-2.0
#include "store/run_file_state.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "store/atomic_file.h"
#include "store/file_descriptor.h"
#include "store/run_file_tables.h"

namespace kith::host {

namespace {

// For HDF5's own headers, and the slack that it leaves between tables.
constexpr std::uint64_t kHeaderReserve = std::uint64_t{64} << 10;

}  // namespace

const h5::Handle& RunFile::State::begin() {
  if (!next) {
    h5::forget_failed_closes();
    next_path = partial_path(path);
    next = h5::create_file(next_path);
  }
  return next;
}

void RunFile::State::reserve(std::uint64_t bytes) {
  begin();
  promised += bytes;
  const FileDescriptor file(next_path, O_WRONLY, "write");
  const std::uint64_t size = promised + kHeaderReserve;
  if (::fallocate(file.fd(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size)) == 0) return;
  const int reason = errno;
  if (reason == ENOSPC || reason == EDQUOT || reason == EFBIG) {
    throw DataError("the disk has no room for its " + std::to_string(size) + " bytes: " +
                    std::generic_category().message(reason) + "; what was there before stays");
  }
}

void RunFile::State::drop() noexcept {
  if (next_path.empty()) return;
  const h5::Lock lock;
  for (FeatureWriter::State* writer : writers) {
    writer->dataset.reset();
    writer->file = nullptr;
  }
  writers.clear();
  next.reset();
  ::unlink(next_path.c_str());
  next_path.clear();
  written.clear();
  promised = 0;
}

void RunFile::State::replace(const std::string& table) {
  for (const FeatureWriter::State* writer : writers) {
    if (writer->table == table) throw DataError("table '" + table + "' is being written already");
  }
  h5::remove_link(begin(), table);
  written.insert(table);
}

void RunFile::State::copy_last() {
  if (!std::filesystem::exists(path)) return;
  const h5::Handle last = h5::open_file(path);
  std::vector<std::string> tables;
  std::uint64_t bytes = std::filesystem::file_size(path);
  for (const char* group : {"/features", "/samples", "/state"}) {
    for (const std::string& table : h5::list_datasets(last, group)) {
      if (written.count(table) == 0) {
        tables.push_back(table);
      } else {
        bytes -= std::min(bytes, h5::storage_size(h5::open_dataset(last, table)));
      }
    }
  }
  if (!tables.empty()) reserve(bytes);
  for (const std::string& table : tables) h5::copy_dataset(last, next, table);
}

void RunFile::State::complete() {
  begin();
  copy_last();
  reserve(byte_size(metrics) + byte_size(attributes));
  write_metrics(next, metrics);
  write_attributes(next, attributes);
  h5::flush_file(next);
  next.close("complete it");
  h5::check_closes("complete it");
}

}  // namespace kith::host
