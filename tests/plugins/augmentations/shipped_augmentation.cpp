// SPDX-License-Identifier: Apache-2.0
#include "shipped_augmentation.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "config/option_arguments.h"
#include "plugin/checks.h"
#include "plugin/note_reader.h"
#include "plugin/open_plugin.h"
#include "test_host.h"

namespace kith::testing {
namespace {

struct Module {
  host::PluginMetadata metadata;
  const kith_augmentation_api* api;
};

const Module& module_of_file(const std::filesystem::path& path) {
  static std::map<std::filesystem::path, Module> modules;
  const auto found = modules.find(path);
  if (found != modules.end()) return found->second;
  const host::PluginFile file = host::read_plugin_file(path);
  const host::ElfFile elf = host::parse_elf(file);
  host::PluginMetadata metadata = host::read_note(elf, path);
  host::check_symbols(elf, metadata, file);
  const void* table = host::open_plugin(file, metadata, test_host());
  return modules[path] = {std::move(metadata), static_cast<const kith_augmentation_api*>(table)};
}

const Module& module_of(const std::string& name) {
  return module_of_file(std::filesystem::path(KITH_BUILD_DIR) / "plugins/augmentations" /
                        (name + ".so"));
}

std::shared_ptr<const host::Augmentation> make(const std::string& name, const Module& module,
                                               const Settings& settings) {
  std::vector<host::OptionValue> values;
  for (const host::OptionSpec& spec : module.metadata.options) {
    host::OptionValue value;
    value.name = spec.name;
    value.type = spec.type;
    value.is_list = spec.is_list;
    value.values = spec.defaults;
    for (const auto& [key, given] : settings)
      if (key == spec.name) value.values = given;
    values.push_back(value);
  }
  for (const auto& [key, given] : settings)
    if (find_if(values.begin(), values.end(), [&](const auto& v) { return v.name == key; }) ==
        values.end())
      throw std::runtime_error(name + " has no option " + key);
  const host::OptionArguments arguments(values);
  return std::make_shared<host::Augmentation>(*test_host(), *module.api, module.metadata,
                                              arguments.args());
}

}  // namespace

std::shared_ptr<const host::Augmentation> load_augmentation(const std::string& name,
                                                            const Settings& settings) {
  return make(name, module_of(name), settings);
}

std::shared_ptr<const host::Augmentation> load_plain_augmentation(const std::string& name,
                                                                  const Settings& settings) {
  const auto folder = std::filesystem::path(KITH_BUILD_DIR) / "tests/plugins/augmentations";
  return make(name, module_of_file(folder / ("plain_" + name + ".so")), settings);
}

const std::vector<host::OptionSpec>& option_specs(const std::string& name) {
  return module_of(name).metadata.options;
}

host::DrawnView drawn_of(const host::ViewPipeline& pipeline,
                         const std::vector<DrawnFields>& fields) {
  host::DrawnView drawn;
  for (std::size_t i = 0; i < pipeline.list().size(); ++i) {
    const std::size_t count = pipeline.list()[i].augmentation->fields().size();
    if (fields.at(i).size() != count) throw std::runtime_error("not every field is given");
    drawn.push_back({.applied = true, .values = std::vector<double>(count)});
    for (const auto& [name, value] : fields[i]) drawn[i].values[pipeline.field(i, name)] = value;
  }
  return drawn;
}

}  // namespace kith::testing
