// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <kith/error.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "config/load_experiment.h"

namespace kith::host {

/// Plugins made by hand: configuration needs their declarations only.
class FakeCatalog : public PluginCatalog {
 public:
  FakeCatalog();

  const PluginMetadata* find(std::string_view kind, std::string_view reference,
                             const std::filesystem::path& folder) const override;
  std::vector<std::string> names(std::string_view kind) const override;

  /// Adds org.kith.<name>, and hands it out to be changed until the next call.
  PluginMetadata& add(const std::string& kind, const std::string& name,
                      std::vector<OptionSpec> options);

 private:
  std::vector<PluginMetadata> plugins_;
};

OptionSpec boolean_option(const std::string& name, bool value);
OptionSpec integer_option(const std::string& name, std::int64_t value, std::int64_t min,
                          std::int64_t max);
OptionSpec real_option(const std::string& name, double value, double min, double max);
OptionSpec text_option(const std::string& name, OptionType type, const std::string& value);
OptionSpec choice_option(const std::string& name, std::vector<std::string> choices);
OptionSpec plugin_option(const std::string& name, const std::string& kind,
                         const std::string& fallback);
OptionSpec schedule_option(const std::string& name, double value, double min, double max);
OptionSpec list_option(OptionSpec item, std::vector<OptionScalar> defaults,
                       std::uint32_t min_length, std::uint32_t max_length);

}  // namespace kith::host
