// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <kith/error.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "store/hdf5_calls.h"
#include "store/run_file.h"

namespace kith::host {

/// What RunFile and its FeatureWriters share.
struct RunFile::State {
  std::filesystem::path path;
  Attributes attributes;
  std::map<std::string, Metric> metrics;

  /// The file being written, if there is one, and the tables that it has anew.
  h5::Handle next;
  std::filesystem::path next_path;
  std::set<std::string> written;
  std::set<FeatureWriter::State*> writers;  ///< of the new file, unfinished
  std::uint64_t promised = 0;  ///< bytes of the new file that the disk was asked to keep free

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { drop(); }

  /// The file being written; made at the first use after a commit.
  const h5::Handle& begin();

  /// Asks the disk for room for so many more bytes, so that a full disk is found here: HDF5's
  /// library can crash when a write of its own fails. File systems that reserve nothing are
  /// believed.
  /// @throws DataError if there is no room.
  void reserve(std::uint64_t bytes);

  /// Gives the new file up.
  void drop() noexcept;

  /// Makes room for a table in the new file.
  void replace(const std::string& table);

  /// Copies the tables of the last file that were not written anew.
  void copy_last();

  /// Completes the new file with the tables of the last one that were not written anew.
  void complete();

  /// Puts the file's name before the text of a work's error.
  template <class Work>
  void guarded(const char* action, Work&& work) {
    const h5::Lock lock;
    try {
      work();
    } catch (const DataError& error) {
      throw DataError("store: cannot " + std::string(action) + " '" + path.string() +
                      "': " + error.what());
    }
  }

  /// The same for work on the new file, which is given up if it fails: half a table is never
  /// completed.
  template <class Work>
  void write(Work&& work) {
    try {
      guarded("write", work);
    } catch (...) {
      drop();
      throw;
    }
  }
};

struct FeatureWriter::State {
  RunFile::State* file = nullptr;  ///< null once finished or given up
  h5::Handle dataset;
  std::string table;
  DType dtype = DType::kFloat32;
  std::int64_t rows = 0;
  std::int64_t done = 0;
  std::vector<std::int64_t> row_shape;

  /// The file, while the table takes rows.
  /// @throws DataError once it was finished or given up.
  RunFile::State& open_file() const;
};

}  // namespace kith::host
