// SPDX-License-Identifier: Apache-2.0
#include "model/plugin_shelf.h"

#include <algorithm>

#include "tensor/border.h"
#include "tensor/services.h"

namespace kith::host {
namespace {

void collect(const PluginUse& use, std::vector<const PluginUse*>& all) {
  all.push_back(&use);
  for (const auto& option : use.options)
    if (option.plugin != nullptr) collect(*option.plugin, all);
}

}  // namespace

HostAbilities host_abilities() {
  HostAbilities host;
  host.has_service = [](const std::string& id) {
    return host_table()->query(id.c_str(), 0) != nullptr;
  };
  host.has_operator = has_operator;
  host.libtorch_version = libtorch_version();
  host.host = host_table();
  return host;
}

std::vector<const PluginUse*> plugins_of(const Experiment& e) {
  std::vector<const PluginUse*> all;
  for_each_plugin(e, [&](const PluginUse& use) { collect(use, all); });
  return all;
}

PluginShelf::PluginShelf(const std::filesystem::path& experiment_folder, bool try_again) {
  TrialSettings trial;
  trial.again = try_again;
  trial.cache_folder = default_trial_cache();
  registry_ = std::make_unique<PluginRegistry>(plugin_search_path(experiment_folder),
                                               host_abilities(), trial);
}

const PluginMetadata* PluginShelf::find(std::string_view kind, std::string_view reference,
                                        const std::filesystem::path& folder) const {
  const std::string wanted(reference);
  if (wanted.starts_with('/')) return &registry_->find_file(std::string(kind), wanted).metadata;
  const auto matches = [&](const PluginMetadata& m) {
    return m.kind == kind && (m.name == wanted || m.id == wanted);
  };
  try {
    return &registry_->find(std::string(kind), wanted, folder).metadata;
  } catch (const PluginRefused&) {
    throw;
  } catch (const PluginError&) {
    for (const auto* record : registry_->records())
      if (matches(record->metadata)) throw;
    return nullptr;
  }
}

std::vector<std::string> PluginShelf::names(std::string_view kind) const {
  std::vector<std::string> names;
  for (const auto* record : registry_->records())
    if (record->metadata.kind == kind) names.push_back(record->metadata.name);
  return names;
}

const PluginRecord& PluginShelf::record_of(const PluginUse& use) const {
  return use.is_file ? registry_->find_file(use.kind, use.reference)
                     : registry_->find(use.kind, use.id);
}

void PluginShelf::check(const Experiment& experiment) {
  std::vector<const PluginRecord*> records;
  for (const auto* use : plugins_of(experiment)) {
    const auto* record = &record_of(*use);
    if (std::find(records.begin(), records.end(), record) == records.end())
      records.push_back(record);
  }
  registry_->check(records);
}

PluginObjectPtr PluginShelf::make(const PluginUse& use) {
  const auto& record = record_of(use);
  used_[record.metadata.id] = &record;
  auto object = std::make_shared<PluginObject>();
  object->table = registry_->load(record).table;
  object->metadata = record.metadata;
  object->arguments = OptionArguments(use.options);
  for (const auto& option : use.options)
    if (option.plugin != nullptr) object->plugins[option.name] = make(*option.plugin);
  return object;
}

}  // namespace kith::host
