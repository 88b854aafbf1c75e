// SPDX-License-Identifier: Apache-2.0
// A plugin's file: ELF tables, notes, and what is decided by them before any of its code runs.
#include <cstddef>

#include "fuzz_entry.h"
#include "plugin/checks.h"
#include "plugin/note_reader.h"
#include "plugin/plugin_text.h"
#include "plugin/refusal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace kith::host;  // NOLINT(google-build-using-namespace)
  PluginFile file;
  file.path = "fuzz.so";
  const MemoryReader given({reinterpret_cast<const std::byte*>(bytes), size});
  HostAbilities host;
  host.has_service = [](const std::string&) { return true; };
  host.has_operator = [](const std::string& name) { return name.size() % 2 == 0; };
  host.operator_names = [] { return std::vector<std::string>{"aten::mul.Tensor"}; };
  try {
    const ElfFile elf = parse_elf(given, file.path);
    const PluginMetadata metadata = read_note(elf, file.path);
    for (const auto& option : metadata.options)
      static_cast<void>(type_text(option) + default_text(option));
    check_symbols(elf, metadata, file);
    check_note(metadata, file, host);
  } catch (const PluginRefused&) {  // says why
  }
  return 0;
}
