// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/experiment.h"
#include "plugin/metadata.h"

namespace kith::host {

/// The plugins that an experiment may name. Looking does not run a plugin's code.
class PluginCatalog {
 public:
  virtual ~PluginCatalog() = default;

  /// The plugin of this kind ("loss") with this reference, or null if there is none by that name.
  /// @param reference  a short name, a full id, or, if it begins with '/', the path of a file.
  /// @param folder     the experiment's folder, the nearest in the search path.
  /// @returns          valid as long as the catalog.
  /// @throws kith::Error  if the name is ambiguous, or its file is refused; the text says why.
  virtual const PluginMetadata* find(std::string_view kind, std::string_view reference,
                                     const std::filesystem::path& folder) const = 0;

  /// Names of all plugins of this kind that `find` knows, for suggestions.
  virtual std::vector<std::string> names(std::string_view kind) const = 0;
};

struct ResolvedExperiment {
  Experiment experiment;
  /// Settings that have no effect, options that a change of plugin dropped: a line each, for the
  /// log.
  std::vector<std::string> warnings;
  /// The file and what it extends, nearest first.
  std::vector<std::filesystem::path> files;
};

/// Reads an experiment: the file, the files that it extends, the overrides; checks every key
/// against what Kith and the named plugins declare; fills in every default. [any thread]
///
/// `extends = "base.toml"` is relative to the file it stands in. Tables merge key by key, arrays
/// and values replace; a table that names another `plugin` than its base replaces it, so that the
/// options of the old plugin go with it. Paths are relative to the file they stand in, in an
/// override to the current folder.
///
/// @param path       the experiment's file.
/// @param overrides  "key=value": dotted key, index of an array from 0 ("views.0.size=32"), value
/// in TOML's syntax or a
///                   bare word for text. They come after the files, in order.
/// @throws ConfigError  with a line for each mistake in all files and overrides, and their count at
/// the end.
ResolvedExperiment load_experiment(const std::filesystem::path& path,
                                   const std::vector<std::string>& overrides,
                                   const PluginCatalog& catalog);

/// The table [data] of an experiment alone, checked, with defaults and overrides; nothing else of
/// the file needs to be right.
/// @throws ConfigError  as load_experiment.
DataConfig load_data(const std::filesystem::path& path, const std::vector<std::string>& overrides);
/// The same where there is no experiment: defaults for a folder, and overrides ("data.key=value").
DataConfig data_at(const std::filesystem::path& folder, const std::string& reader,
                   const std::vector<std::string>& overrides);

/// The complete experiment as TOML, every default filled in, plugins by full id (or file), paths
/// absolute, floats exact. Loading it gives the same settings again; equal settings give equal
/// text.
std::string to_resolved_toml(const ResolvedExperiment& resolved);

/// A JSON schema (draft 2020-12) of an experiment's file, as editors use it for completion and
/// checks.
std::string experiment_schema(const PluginCatalog& catalog);

}  // namespace kith::host
