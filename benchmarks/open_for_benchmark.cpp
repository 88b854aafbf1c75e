// SPDX-License-Identifier: Apache-2.0
#include "open_for_benchmark.h"

#include <kith/error.hpp>

#include "plugin/note_reader.h"
#include "plugin/open_plugin.h"
#include "tensor/border.h"

namespace kith::benchmarks {

host::PluginObjectPtr open_for_benchmark(const std::string& file, const OptionSettings& settings,
                                         std::map<std::string, host::PluginObjectPtr> plugins) {
  const auto bytes = host::read_plugin_file(std::string(KITH_BUILD_DIR) + "/" + file);
  auto object = std::make_shared<host::PluginObject>();
  object->metadata = host::read_note(host::ElfFile(bytes), bytes.path);
  std::vector<host::OptionValue> values;
  std::size_t used = 0;
  for (const auto& spec : object->metadata.options) {
    const auto given = settings.find(spec.name);
    used += given != settings.end() ? 1 : 0;
    values.push_back({spec.name,
                      spec.type,
                      spec.is_list,
                      given != settings.end() ? given->second : spec.defaults,
                      {}});
  }
  if (used != settings.size())
    throw ConfigError(file + ": an option was given that the plugin does not have");
  object->arguments = host::OptionArguments(values);
  object->plugins = std::move(plugins);
  object->table = host::open_plugin(bytes, object->metadata, host::host_table());
  return object;
}

}  // namespace kith::benchmarks
