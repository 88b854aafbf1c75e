// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/load_experiment.h"
#include "model/plugin_object.h"
#include "plugin/registry.h"

namespace kith::host {

/// The plugins within reach of an experiment: what its file may name, and objects made of what it
/// names. [main thread]
class PluginShelf : public PluginCatalog {
 public:
  /// @param experiment_folder  searched first; empty: none.
  /// @param try_again          tries plugins in a child process that passed before, too.
  explicit PluginShelf(const std::filesystem::path& experiment_folder, bool try_again = false);

  const PluginMetadata* find(std::string_view kind, std::string_view reference,
                             const std::filesystem::path& folder) const override;
  std::vector<std::string> names(std::string_view kind) const override;

  /// Checks all plugins that an experiment names, those that are new here in one trial.
  /// @throws PluginError with the refusals.
  void check(const Experiment& experiment);

  /// The loaded plugin with its options, and the plugins that those name.
  PluginObjectPtr make(const PluginUse& use);

  PluginRegistry& registry() const { return *registry_; }
  /// The files of the plugins made so far, by id.
  const std::map<std::string, const PluginRecord*>& used() const { return used_; }

 private:
  const PluginRecord& record_of(const PluginUse& use) const;

  std::unique_ptr<PluginRegistry> registry_;
  std::map<std::string, const PluginRecord*> used_;
};

/// What this host can do for plugins.
HostAbilities host_abilities();

/// All plugins that an experiment names, those named by other plugins' options too.
std::vector<const PluginUse*> plugins_of(const Experiment& experiment);

}  // namespace kith::host
