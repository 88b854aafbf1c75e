// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/metadata.h"

namespace kith::host {

/// Where a setting was written. Lines and columns count from 1; line 0: the place has none.
struct SourcePlace {
  std::string file;  ///< as a person would name it: a path, "--set key=value", or "" for a default
  int line = 0;
  int column = 0;
};

/// "experiment.toml:14:15", "--set optimizer.base_lr=0.1", or "default".
std::string to_text(const SourcePlace& place);

struct PluginUse;

/// One option of a plugin with its value, written in the experiment or taken from the plugin's
/// default.
struct OptionValue {
  std::string name;
  OptionType type = OptionType::kBool;
  bool is_list = false;
  /// One value, or those of the list; of the alternative that the type says: kBool bool, kInt
  /// std::int64_t, kReal double, kString, kChoice and kPath std::string (a path is absolute, or
  /// empty for none), kSchedule Schedule. Empty for kPlugin.
  std::vector<OptionScalar> values;
  /// For kPlugin: the plugin with its own options; null if the option's default is no plugin.
  std::shared_ptr<const PluginUse> plugin;
  /// What the values are that have yet to be measured on train: "channel_mean", "channel_std"; else
  /// empty.
  std::string measured{};
  /// The closed range that what is measured must lie in.
  double measured_min = 0, measured_max = 0;
  SourcePlace where{};
};

/// A plugin that an experiment names, with a value for every option that the plugin declares.
struct PluginUse {
  std::string kind;       ///< "loss", "encoder", "method", "augmentation" or "evaluation"
  std::string reference;  ///< as written: short name, id, or, for a file, its absolute path
  bool is_file = false;   ///< written as { file = "./my.so" }
  std::string id;         ///< the plugin's full id, "org.kith.nt_xent"
  std::vector<OptionValue> options;  ///< in the order in which the plugin declares them
  double probability = 1;            ///< of being applied to a view, in [0, 1]; augmentations only
  SourcePlace where;                 ///< of the plugin's name
};

/// The option with this name, or null.
const OptionValue* find_option(const PluginUse& plugin, std::string_view name);

/// Whether both name the same plugin, with the same probability and the same value for every
/// option. Places and the way in which the plugin was named do not count.
bool same_settings(const PluginUse& a, const PluginUse& b);

}  // namespace kith::host
