// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "temp_folder.h"

namespace kith::integration {

/// Copies of the run.h5 that killed runs left, to be opened as a user opens them: with a plain
/// h5py.File.
class LeftResults {
 public:
  /// Takes a copy, if the run has come to a run.h5.
  void keep(const std::filesystem::path& run);
  int count() const { return count_; }

  /// Opens all of them and reads every data set. Where no Python has h5py the test is skipped: what
  /// it checked before still counts.
  void expect_open() const;

 private:
  host::TempFolder folder_;
  int count_ = 0;
};

}  // namespace kith::integration
