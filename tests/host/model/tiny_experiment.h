// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "temp_folder.h"
#include "train/assembly.h"

namespace kith::host::test {

/// A folder with an experiment of fixture plugins on a few images of 4 x 4 px (IDX files: 40 of
/// train, 10 of them held out as val or so, 12 of test; three classes). It goes with its object.
class TinyExperiment {
 public:
  /// @param more       TOML that is added at the end: tables such as [[evaluation]].
  /// @param overrides  as of `--set`.
  explicit TinyExperiment(const std::string& more = "", std::vector<std::string> overrides = {},
                          bool labels = true, bool test = true);

  const std::filesystem::path& folder() const { return temporary_.path(); }
  std::filesystem::path file() const { return temporary_ / "experiment.toml"; }
  Assembly assemble() const;

 private:
  TempFolder temporary_;
  std::vector<std::string> overrides_;
};

/// Writes an IDX file of unsigned bytes: magic number, extents (big-endian), values.
void write_idx(const std::filesystem::path& file, const std::vector<std::uint32_t>& extents,
               const std::vector<std::uint8_t>& values);

}  // namespace kith::host::test
