// SPDX-License-Identifier: Apache-2.0
#include "config/plugin_reader.h"

#include <algorithm>
#include <kith/error.hpp>
#include <utility>

#include "config/option_presets.h"
#include "config/option_reader.h"
#include "config/table_reader.h"

namespace kith::host {

namespace {

/// A method's loss may have a plugin of its own; more is a plugin that names itself.
constexpr int kMaxDepth = 2;

constexpr const char* kWanted = R"(the name of a plugin, or { file = "./my.so" })";

}  // namespace

PluginReader::PluginReader(const PluginCatalog& catalog, std::filesystem::path folder,
                           Problems& problems)
    : catalog_(catalog), folder_(std::move(folder)), problems_(problems) {}

std::optional<PluginUse> PluginReader::read(const ConfigNode& node, const std::string& kind,
                                            const std::string& path,
                                            const std::vector<std::string>& host_keys) {
  return read_at(node, {kind, path, host_keys, "", 0});
}

const PluginMetadata* PluginReader::metadata_of(const PluginUse& use) const {
  try {
    return catalog_.find(use.kind, use.is_file ? use.reference : use.id, folder_);
  } catch (const Error&) {
    return nullptr;
  }
}

std::optional<PluginUse> PluginReader::read_at(const ConfigNode& node, const Place& place) {
  std::optional<PluginUse> use = read_name(node, place);
  if (!use) return std::nullopt;
  const PluginMetadata* metadata =
      find(*use, place, use->where.file.empty() ? node.where : use->where);
  if (metadata == nullptr) return std::nullopt;
  use->id = metadata->id;
  read_options(*metadata, node, place, *use);
  return use;
}

std::optional<PluginUse> PluginReader::read_name(const ConfigNode& node, const Place& place) {
  if (!node.is_table() && !node.is_text()) {
    problems_.add(place.path +
                      ": must be a table { plugin = \"name\", ... } or the name of a plugin, got " +
                      describe(node),
                  node.where);
    return std::nullopt;
  }
  PluginUse use;
  use.kind = place.kind;
  const ConfigNode* name = node.is_text() ? &node : node.find("plugin");
  if (name == nullptr) {
    if (place.fallback.empty()) {
      problems_.add(place.path + ": the key 'plugin' is missing; it must be the name of " +
                        "a plugin of the kind " + place.kind +
                        suggestion("", catalog_.names(place.kind)),
                    node.where);
      return std::nullopt;
    }
    use.reference = place.fallback;
    return use;
  }
  use.where = name->where;
  if (name->is_table()) {
    if (!read_file_name(*name, place, use)) return std::nullopt;
    return use;
  }
  const std::string path = node.is_text() ? place.path : join_keys(place.path, "plugin");
  if (!name->is_text()) {
    problems_.add(path + ": must be " + kWanted + ", got " + describe(*name), name->where);
    return std::nullopt;
  }
  use.reference = name->text();
  if (use.reference.find('/') != std::string::npos || use.reference.ends_with(".so")) {
    problems_.add(path + ": must be the name of a plugin, got \"" + use.reference +
                      "\"; a file is written plugin = { file = \"" + use.reference + "\" }",
                  name->where);
    return std::nullopt;
  }
  return use;
}

bool PluginReader::read_file_name(const ConfigNode& node, const Place& place, PluginUse& use) {
  const std::string path = join_keys(place.path, "plugin");
  TableReader reader(&node, path, node.where, problems_);
  const ConfigNode* file = reader.take("file");
  reader.finish();
  if (file == nullptr) {
    reader.add_missing("file", "the path of a plugin's .so");
    return false;
  }
  const std::optional<std::string> text = read_path(*file, join_keys(path, "file"), problems_);
  if (!text) return false;
  if (text->empty()) {
    problems_.add(join_keys(path, "file") + ": must be the path of a plugin's .so, got empty text",
                  file->where);
    return false;
  }
  use.reference = *text;
  use.is_file = true;
  return true;
}

const PluginMetadata* PluginReader::find(const PluginUse& use, const Place& place,
                                         const SourcePlace& where) {
  const PluginMetadata* metadata = nullptr;
  try {
    metadata = catalog_.find(place.kind, use.reference, folder_);
  } catch (const Error& error) {
    problems_.add(place.path + ": " + error.what(), where);
    return nullptr;
  }
  if (metadata == nullptr) {
    const std::vector<std::string> names = catalog_.names(place.kind);
    problems_.add(place.path + ": no " + place.kind + " '" + use.reference + "'" +
                      (names.empty() ? "; there is no plugin of this kind"
                                     : suggestion(use.reference, names)),
                  where);
    return nullptr;
  }
  if (metadata->kind != place.kind) {
    problems_.add(place.path + ": must be a plugin of the kind " + place.kind + ", got '" +
                      metadata->id + "' of the kind " + metadata->kind,
                  where);
    return nullptr;
  }
  return metadata;
}

void PluginReader::read_options(const PluginMetadata& metadata, const ConfigNode& node,
                                const Place& place, PluginUse& use) {
  const SourcePlace owner = use.where.file.empty() ? node.where : use.where;
  std::vector<std::string> known;
  for (const OptionSpec& spec : metadata.options) {
    known.push_back(spec.name);
    const bool taken = spec.name == "plugin" ||
                       std::find(place.host_keys.begin(), place.host_keys.end(), spec.name) !=
                           place.host_keys.end();
    if (taken) {
      problems_.add(place.path + ": the plugin '" + metadata.id + "' declares the option '" +
                        spec.name + "', which is a key of the host's here; rename it in the plugin",
                    owner);
      continue;
    }
    const ConfigNode* written = node.find(spec.name);
    if (spec.type == OptionType::kPlugin) {
      use.options.push_back(read_plugin_option(spec, written, place, owner));
      continue;
    }
    std::optional<OptionValue> value;
    if (written != nullptr) {
      value = read_option(spec, *written, join_keys(place.path, spec.name), problems_);
    }
    use.options.push_back(value ? std::move(*value) : default_value(spec, folder_));
  }
  apply_presets(metadata, node, place.path, use, problems_);
  known.insert(known.end(), place.host_keys.begin(), place.host_keys.end());
  known.emplace_back("plugin");
  if (!node.is_table()) return;
  for (const ConfigNode& entry : node.items) {
    if (std::find(known.begin(), known.end(), entry.key) == known.end()) {
      add_unknown_key(entry, place.path, known, problems_);
    }
  }
}

OptionValue PluginReader::read_plugin_option(const OptionSpec& spec, const ConfigNode* node,
                                             const Place& place, const SourcePlace& owner) {
  OptionValue value = default_value(spec, folder_);
  value.where = node == nullptr ? SourcePlace{} : node->where;
  const std::string path = join_keys(place.path, spec.name);
  std::string fallback;
  if (!spec.defaults.empty()) fallback = std::get<std::string>(spec.defaults.front());
  const bool none_written = node != nullptr && node->is_text() && node->text().empty();
  if (fallback.empty() && (node == nullptr || none_written)) return value;
  if (place.depth >= kMaxDepth) {
    problems_.add(path + ": plugins within plugins may be " + std::to_string(kMaxDepth) +
                      " deep, and this is one more",
                  node == nullptr ? owner : node->where);
    return value;
  }
  ConfigNode absent;  // an empty table: the default plugin with its default options
  absent.where = owner;
  const ConfigNode& table = node == nullptr ? absent : *node;
  std::optional<PluginUse> use =
      read_at(table, {spec.plugin_kind, path, {}, fallback, place.depth + 1});
  if (use) value.plugin = std::make_shared<const PluginUse>(std::move(*use));
  return value;
}

}  // namespace kith::host
