// SPDX-License-Identifier: Apache-2.0
#include "fake_catalog.h"

#include <utility>

namespace kith::host {

FakeCatalog::FakeCatalog() {
  add("method", "simclr", {plugin_option("loss", "loss", "nt_xent"), boolean_option("norm", true)});
  add("method", "moco",
      {plugin_option("loss", "loss", "info_nce"), schedule_option("ema_momentum", 0.99, 0, 1)});
  add("loss", "nt_xent",
      {real_option("temperature", 0.1, 1e-4, 1e4), choice_option("scale", {"paper", "code"})});
  add("loss", "info_nce", {real_option("temperature", 0.07, 1e-4, 1e4)});
  OptionSpec widths = integer_option("widths", 0, 1, 4096);
  add("encoder", "convnet",
      {list_option(widths, {std::int64_t{16}, std::int64_t{32}}, 1, 4),
       text_option("weights", OptionType::kPath, ""),
       text_option("note", OptionType::kString, "")});
  add("encoder", "resnet", {integer_option("depth", 18, 18, 152)});
  OptionSpec area = real_option("area", 0, 0, 1);
  add("augmentation", "random_resized_crop",
      {list_option(area, {0.08, 1.0}, 2, 2), choice_option("filter", {"bilinear", "bicubic"})});
  add("augmentation", "flip", {});
  OptionSpec mean = real_option("mean", 0, 0, 255);
  mean.unit = "levels";
  add("augmentation", "normalise", {mean}).facts = {{"deterministic", "", "", ""}};
  add("evaluation", "knn", {integer_option("k", 20, 1, 100000)});
  add("evaluation", "view_retrieval", {}).facts = {{"needs", "views", "2", ""}};
}

PluginMetadata& FakeCatalog::add(const std::string& kind, const std::string& name,
                                 std::vector<OptionSpec> options) {
  PluginMetadata plugin;
  plugin.kind = kind;
  plugin.name = name;
  plugin.id = "org.kith." + name;
  plugin.interface_id = "kith." + kind + "/1";
  plugin.options = std::move(options);
  plugins_.push_back(std::move(plugin));
  return plugins_.back();
}

const PluginMetadata* FakeCatalog::find(std::string_view kind, std::string_view reference,
                                        const std::filesystem::path& folder) const {
  if (reference == "broken")
    throw PluginError("KITH-206: broken.so is a text file\n  do     : rebuild it");
  for (const PluginMetadata& plugin : plugins_) {
    const bool is_file = reference.starts_with('/') &&
                         std::filesystem::path(reference).stem() == plugin.name &&
                         folder.is_absolute();
    if (is_file) return &plugin;
    if (plugin.kind == kind && (plugin.name == reference || plugin.id == reference)) return &plugin;
  }
  return nullptr;
}

std::vector<std::string> FakeCatalog::names(std::string_view kind) const {
  std::vector<std::string> names;
  for (const PluginMetadata& plugin : plugins_) {
    if (plugin.kind == kind) names.push_back(plugin.name);
  }
  return names;
}

namespace {

OptionSpec option(const std::string& name, OptionType type, OptionScalar value) {
  OptionSpec spec;
  spec.name = name;
  spec.type = type;
  spec.defaults = {std::move(value)};
  return spec;
}

}  // namespace

OptionSpec boolean_option(const std::string& name, bool value) {
  return option(name, OptionType::kBool, value);
}

OptionSpec integer_option(const std::string& name, std::int64_t value, std::int64_t min,
                          std::int64_t max) {
  OptionSpec spec = option(name, OptionType::kInt, value);
  spec.min = min;
  spec.max = max;
  return spec;
}

OptionSpec real_option(const std::string& name, double value, double min, double max) {
  OptionSpec spec = option(name, OptionType::kReal, value);
  spec.min = min;
  spec.max = max;
  return spec;
}

OptionSpec text_option(const std::string& name, OptionType type, const std::string& value) {
  return option(name, type, value);
}

OptionSpec choice_option(const std::string& name, std::vector<std::string> choices) {
  OptionSpec spec = option(name, OptionType::kChoice, choices.front());
  spec.choices = std::move(choices);
  return spec;
}

OptionSpec plugin_option(const std::string& name, const std::string& kind,
                         const std::string& fallback) {
  OptionSpec spec = option(name, OptionType::kPlugin, fallback);
  spec.plugin_kind = kind;
  return spec;
}

OptionSpec schedule_option(const std::string& name, double value, double min, double max) {
  OptionSpec spec = option(name, OptionType::kSchedule, Schedule{"constant", value, value});
  spec.min = min;
  spec.max = max;
  return spec;
}

OptionSpec list_option(OptionSpec item, std::vector<OptionScalar> defaults,
                       std::uint32_t min_length, std::uint32_t max_length) {
  item.is_list = true;
  item.defaults = std::move(defaults);
  item.min_length = min_length;
  item.max_length = max_length;
  return item;
}

}  // namespace kith::host
