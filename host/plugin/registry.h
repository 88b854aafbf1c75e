// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugin/abilities.h"
#include "plugin/metadata.h"
#include "plugin/refusal.h"
#include "plugin/search_path.h"
#include "plugin/trial.h"

namespace kith::host {

/// A plugin's file as it was found: read, hashed, not loaded.
struct PluginRecord {
  PluginMetadata metadata;
  std::filesystem::path path;  ///< absolute
  std::string sha256;
  std::uintmax_t size = 0;  ///< bytes
  std::vector<std::string> needed_libraries;
  std::string folder_reason;  ///< how its folder came to be searched: "KITH_PLUGIN_PATH", ...
};

/// A file that was looked at and cannot be used, with the reason.
struct RefusedFile {
  std::filesystem::path path;
  std::string id;  ///< if its note could be read
  Refusal refusal;
};

/// A plugin whose code may run.
struct LoadedPlugin {
  const PluginRecord* record;
  const void* table;  ///< of record->metadata.interface_id; lives until the process ends
};

/// All plugins that this host finds, by kind and name. References that it hands out are valid as
/// long as it lives. [main thread]
class PluginRegistry {
 public:
  /// Scans at once.
  PluginRegistry(std::vector<PluginFolder> folders, HostAbilities host, TrialSettings trial);
  ~PluginRegistry();
  PluginRegistry(const PluginRegistry&) = delete;
  PluginRegistry& operator=(const PluginRegistry&) = delete;

  /// Reads what all files in the folders say about themselves; runs nothing of them. A file that
  /// cannot be used does not hide another: it goes to refused(). Again: only what is new is read.
  void scan();

  /// The plugin of a kind ("loss") that a name means: a short name that is unique in its kind
  /// ("nt_xent"), a full id
  /// ("org.kith.nt_xent"), or a file (with a '/', or ending in ".so"), which wins over all else of
  /// the same id.
  ///
  /// @param base_folder  where relative files are taken from; empty: the current folder.
  /// @throws PluginError    none ("loader: no loss 'infonce'; did you mean 'info_nce'?"), several,
  /// or another kind.
  /// @throws PluginRefused  the file that the name means was refused.
  const PluginRecord& find(const std::string& kind, const std::string& name,
                           const std::filesystem::path& base_folder = {});

  /// The same, for a plugin that is named by its file; an empty kind means any.
  const PluginRecord& find_file(const std::string& kind, const std::filesystem::path& file);

  /// The plugin of whatever kind that a short name, a full id or a file means.
  ///
  /// @throws PluginError    none is called so, or several, which are listed.
  /// @throws PluginRefused  the file that the name means was refused.
  const PluginRecord& find_of_any_kind(const std::string& name);

  /// Checks plugins (see checks.h), and tries those that are new here in a child process, all in
  /// one.
  ///
  /// @throws PluginRefused  if one is refused; PluginError with all refusals, one below the other,
  /// if several are.
  void check(const std::vector<const PluginRecord*>& records);

  /// Checks a plugin, if that has not been done, and loads it. It stays loaded.
  ///
  /// @throws PluginRefused
  const LoadedPlugin& load(const PluginRecord& record);

  /// Why a plugin would be refused without loading it, or nothing.
  std::optional<Refusal> refusal_of(const PluginRecord& record) const;

  /// Those that find() finds by name, sorted by kind and id.
  std::vector<const PluginRecord*> records() const;
  const std::vector<RefusedFile>& refused() const { return refused_; }
  const std::vector<PluginFolder>& folders() const { return folders_; }
  /// Texts for the log: of one id in two folders, which one counts.
  const std::vector<std::string>& messages() const { return messages_; }

 private:
  struct Entry;

  void scan_folder(std::size_t folder);
  void add(PluginRecord record, std::size_t folder);
  void check_kind(const PluginRecord& record, const std::string& kind,
                  const std::string& name) const;
  [[noreturn]] void throw_not_found(const std::string& kind, const std::string& name) const;
  const Refusal* refusal_for(const std::filesystem::path& path) const;
  Entry& entry_of(const PluginRecord& record);

  std::vector<PluginFolder> folders_;
  HostAbilities host_;
  TrialSettings trial_;
  std::vector<std::unique_ptr<Entry>> entries_;  // those that names mean
  std::vector<std::unique_ptr<Entry>> files_;    // those that were named by file
  std::vector<RefusedFile> refused_;
  std::vector<std::filesystem::path> shadowed_;  // files that a nearer one of the same id hides
  std::vector<std::string> messages_;
};

}  // namespace kith::host
