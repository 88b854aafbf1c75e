// SPDX-License-Identifier: Apache-2.0
// An experiment's file, read with no plugins within reach, and a value of --set.
#include <kith/error.hpp>
#include <string>

#include "config/load_experiment.h"
#include "config/parse_document.h"
#include "fuzz_entry.h"
#include "memory_file.h"

namespace {

class NoPlugins : public kith::host::PluginCatalog {
 public:
  const kith::host::PluginMetadata* find(std::string_view, std::string_view,
                                         const std::filesystem::path&) const override {
    return nullptr;
  }
  std::vector<std::string> names(std::string_view) const override { return {"a_loss", "a_net"}; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace kith::host;  // NOLINT(google-build-using-namespace)
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  // What it extends would be read from the machine that fuzzes.
  if (text.find("extends") != std::string::npos) return 0;
  const kith::fuzz::MemoryFile file(bytes, size);
  try {
    load_experiment(file.path(), {}, NoPlugins());
  } catch (const kith::ConfigError&) {  // says what is wrong, and where
  }
  Problems problems;
  parse_override_value(text, {}, "/", problems);
  return 0;
}
