// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "store/file_descriptor.h"

namespace kith::host {

/// The folder of one run, held by this process alone while the object lives.
///
///   <runs>/<name>-<id>/   experiment.toml  resolved.toml  log.jsonl  run.h5  checkpoints/ run.lock
///   <runs>/<name>-latest  link to the newest run of that name
///
/// The id is the UTC time of the start and four random digits: "20250131T174502Z-9f3c".
class RunFolder {
 public:
  /// The folder that holds the runs: $KITH_RUNS, else "runs" in the current folder.
  static std::filesystem::path runs_root();

  /// Makes <root>/<name>-<id>/ with the two texts in it, and sets the link to the newest.
  /// @throws ConfigError if the name can't be a folder's, DataError if something can't be written.
  static RunFolder create(const std::string& name, std::string_view experiment_toml,
                          std::string_view resolved_toml,
                          const std::filesystem::path& root = runs_root());

  /// Makes the run in a folder that the user named; no link is set.
  /// @throws DataError if it exists already.
  static RunFolder create_at(const std::filesystem::path& folder, std::string_view experiment_toml,
                             std::string_view resolved_toml);

  /// Opens a run to go on with it, and removes what a killed process left half written. Links are
  /// followed; a path that does not exist is looked for below runs_root().
  /// @throws DataError that names all that is missing, or the process that has the run.
  static RunFolder open(const std::filesystem::path& path);

  RunFolder(RunFolder&&) = default;
  RunFolder& operator=(RunFolder&&) = default;

  /// Absolute path without links.
  const std::filesystem::path& path() const { return path_; }
  /// The folder's own name: <name>-<id>.
  std::string id() const { return path_.filename().string(); }
  std::filesystem::path experiment() const { return path_ / "experiment.toml"; }
  std::filesystem::path resolved() const { return path_ / "resolved.toml"; }
  std::filesystem::path log() const { return path_ / "log.jsonl"; }
  std::filesystem::path run_file() const { return path_ / "run.h5"; }
  std::filesystem::path checkpoints() const { return path_ / "checkpoints"; }

  /// Writes resolved.toml anew, whole or not at all: of a run that goes on beyond its end.
  void replace_resolved(std::string_view text) const;

 private:
  explicit RunFolder(std::filesystem::path path);
  void fill(std::string_view experiment_toml, std::string_view resolved_toml);

  std::filesystem::path path_;
  FileDescriptor lock_;
};

}  // namespace kith::host
