// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/array.h"
#include "store/safetensors.h"

namespace kith::host {

/// The complete state of a run after `step` optimiser steps.
struct Checkpoint {
  std::filesystem::path path;
  std::int64_t step = 0;   ///< optimiser steps done, >= 0
  std::int64_t epoch = 0;  ///< epochs done, >= 0
  std::map<std::string, Array> arrays;
  Metadata metadata;  ///< what save was given
};

struct CheckpointEntry {
  std::filesystem::path path;
  std::int64_t step = 0;
};

/// The folder of a run's checkpoints: safetensors files with a checksum,
/// "step-000001500.safetensors". Each appears complete and durable or not at all. [one thread; the
/// run's lock is held for writing]
class CheckpointStore {
 public:
  /// @param folder  exists already, or is made by the first save
  /// @param keep    how many of the newest remain, >= 1
  /// @throws ConfigError if keep is 0 or less.
  CheckpointStore(std::filesystem::path folder, std::int64_t keep);

  /// Writes a checkpoint; once it is durable, removes all but the `keep` newest. One of the same
  /// step is replaced. Metadata keys that begin with "kith." are this class's own.
  /// @returns where it lies.
  /// @throws DataError if it can't be written; the earlier checkpoints all stay then.
  std::filesystem::path save(std::int64_t step, std::int64_t epoch, const ArrayViews& arrays,
                             const Metadata& metadata);

  /// What is there, by rising step. Files are not opened.
  std::vector<CheckpointEntry> list() const;

  /// Loads the newest and checks all of it; nothing if there is none.
  /// @throws DataError if it is damaged; the text names the newest undamaged one before it and says
  ///         how to resume from that.
  std::optional<Checkpoint> newest() const;

  /// Loads one checkpoint file and checks all of it.
  /// @throws DataError that says what is wrong with it.
  static Checkpoint load(const std::filesystem::path& path);

  /// Removes checkpoints of later steps, for a run that goes on from an earlier one.
  void remove_after(std::int64_t step);

 private:
  void prune(std::int64_t saved_step);

  std::filesystem::path folder_;
  std::int64_t keep_;
};

}  // namespace kith::host
