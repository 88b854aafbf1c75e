// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "config/option_arguments.h"
#include "plugin/metadata.h"

namespace kith::host {

/// A loaded plugin with the options that an experiment gives it; whatever is made from it can be
/// made again.
struct PluginObject {
  const void* table = nullptr;  ///< the C table of its interface
  PluginMetadata metadata;
  OptionArguments arguments{{}};
  /// Plugins that its own options name ("loss").
  std::map<std::string, std::shared_ptr<const PluginObject>> plugins;

  template <class Api>
  const Api& api() const {
    return *static_cast<const Api*>(table);
  }
  /// The values of the facts of a group: ("output") -> names of an encoder's outputs.
  std::vector<Fact> facts(std::string_view group) const {
    std::vector<Fact> found;
    for (const auto& fact : metadata.facts)
      if (fact.group == group) found.push_back(fact);
    return found;
  }
  /// The value of fact (group, name), or a default.
  std::string fact(std::string_view group, std::string_view name, std::string otherwise) const {
    for (const auto& fact : metadata.facts)
      if (fact.group == group && fact.name == name) return fact.value;
    return otherwise;
  }
  bool has_fact(std::string_view group, std::string_view name) const {
    for (const auto& fact : metadata.facts)
      if (fact.group == group && fact.name == name) return true;
    return false;
  }
};

using PluginObjectPtr = std::shared_ptr<const PluginObject>;

}  // namespace kith::host
