// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <gnu/libc-version.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "plugin/checks.h"
#include "plugin/refusal.h"
#include "plugin/symbol_text.h"

namespace kith::host {
namespace {

constexpr std::string_view kAllowedLibraries[] = {
    "ld-linux-x86-64.so.2", "libc.so.6",  "libdl.so.2",     "libgcc_s.so.1", "libm.so.6",
    "libpthread.so.0",      "librt.so.1", "libstdc++.so.6",
};
constexpr std::string_view kSanitizers[] = {"libasan.so.", "liblsan.so.", "libtsan.so.",
                                            "libubsan.so."};
/// Marks of the linker that some versions of it export.
constexpr std::string_view kLinkerMarks[] = {"__bss_start", "_edata", "_end", "_fini", "_init"};

template <class List>
bool contains(const List& list, std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

/// A sanitizer's library is allowed where this program runs under that sanitizer itself.
bool is_loaded_sanitizer(std::string_view library) {
  for (std::string_view prefix : kSanitizers)
    if (library.substr(0, prefix.size()) == prefix) {
      void* handle = ::dlopen(std::string(library).c_str(), RTLD_NOLOAD | RTLD_LAZY);
      if (handle != nullptr) ::dlclose(handle);
      return handle != nullptr;
    }
  return false;
}

/// A mangled name of something in std or in the C++ library's own namespaces, or of a type or table
/// of such.
bool belongs_to_cxx_library(std::string_view name) {
  if (name.substr(0, 2) != "_Z") return false;
  name.remove_prefix(2);
  for (std::string_view special : {"TV", "TT", "TI", "TS", "GV", "GR"})
    if (name.substr(0, 2) == special) {
      name.remove_prefix(2);
      break;
    }
  if (!name.empty() && name[0] == 'Z') name.remove_prefix(1);  // local to a function
  if (!name.empty() && name[0] == 'N') name.remove_prefix(1);  // nested
  while (!name.empty() && (name[0] == 'K' || name[0] == 'V' || name[0] == 'R' || name[0] == 'O'))
    name.remove_prefix(1);  // const, volatile, & and && of a member function
  if (name.empty()) return false;
  if (name[0] == 'S')
    return name.size() > 1 && std::string_view("tabsiod").find(name[1]) != name.npos;
  for (std::string_view prefix : {"9__gnu_cxx", "10__cxxabiv1"})
    if (name.substr(0, prefix.size()) == prefix) return true;
  // operator new and delete for placement, which <new> defines inline.
  return name == "nwmPv" || name == "namPv" || name == "dlPvS_" || name == "daPvS_";
}

std::string titled(const PluginMetadata& m) { return "'" + m.id + "' " + m.version; }

/// "a, b, c and 7 more".
template <class Items, class Text>
std::string listed(const Items& items, Text&& text) {
  constexpr std::size_t kShown = 12;
  std::string out;
  std::size_t shown = 0;
  for (auto item = items.begin(); item != items.end() && shown < kShown; ++item, ++shown)
    out += (shown == 0 ? "" : ", ") + text(*item);
  if (items.size() > kShown) out += " and " + std::to_string(items.size() - kShown) + " more";
  return out;
}

std::string listed(const std::vector<std::string_view>& names) {
  return listed(names, symbol_text);
}

void check_libraries(const ElfFile& elf, const PluginMetadata& m, const PluginFile& file) {
  const std::string host =
      "allows a portable plugin libc, libm, libpthread, libdl, librt, libstdc++ and libgcc_s";
  if (!elf.run_paths().empty())
    throw PluginRefused({RefusalCode::kLibrary,
                         titled(m) + " has a run path, which a portable plugin must not have",
                         file.path.string() + ", run path " + symbol_text(elf.run_paths().front()),
                         host, "link it without -rpath"});
  std::vector<std::string_view> others;
  for (std::string_view library : elf.needed_libraries())
    if (!contains(kAllowedLibraries, library) && !is_loaded_sanitizer(library))
      others.push_back(library);
  if (others.empty()) return;
  throw PluginRefused(
      {RefusalCode::kLibrary,
       titled(m) + " needs libraries that a portable plugin may not need: " + listed(others),
       file.path.string() + ", needs " + listed(others), host,
       "link them into the plugin statically and hidden, or do without"});
}

void check_exports(const ElfFile& elf, const PluginMetadata& m, const PluginFile& file) {
  bool entry = false;
  std::vector<std::string_view> unique, exported;
  for (const ElfSymbol& symbol : elf.symbols()) {
    if (!symbol.exported) continue;
    if (symbol.name == KITH_PLUGIN_ENTRY && symbol.function && !symbol.weak)
      entry = true;
    else if (belongs_to_cxx_library(symbol.name) || contains(kLinkerMarks, symbol.name))
      continue;
    else
      (symbol.unique ? unique : exported).push_back(symbol.name);
  }
  const std::string todo =
      "build it with the line that the SDK documents: -fvisibility=hidden -fno-gnu-unique";
  if (!unique.empty())
    throw PluginRefused(
        {RefusalCode::kExportedSymbols,
         titled(m) + " has symbols that all plugins of a process would share: " + listed(unique),
         file.path.string() + ", " + std::to_string(unique.size()) +
             " unique symbols outside std::",
         "allows none: two plugins with equal names would run each other's code", todo});
  if (!entry)
    throw PluginRefused(
        {RefusalCode::kNoEntry, titled(m) + " has no entry function " + KITH_PLUGIN_ENTRY,
         file.path.string() + ", without it", std::string("calls ") + KITH_PLUGIN_ENTRY,
         "end the plugin's source with KITH_PLUGIN(YourClass), and keep it exported"});
  if (!exported.empty())
    throw PluginRefused(
        {RefusalCode::kExportedSymbols,
         titled(m) + " exports more than its entry: " + listed(exported),
         file.path.string() + ", " + std::to_string(exported.size()) + " other symbols",
         std::string("allows ") + KITH_PLUGIN_ENTRY + " alone", todo});
}

/// Whether an undefined symbol without a version is found, and in a library that a portable plugin
/// may use.
bool found_unversioned(const std::string& name) {
  void* address = ::dlsym(RTLD_DEFAULT, name.c_str());
  if (address == nullptr) return false;
  Dl_info info{};
  if (::dladdr(address, &info) == 0 || info.dli_fname == nullptr) return false;
  const std::string library = std::filesystem::path(info.dli_fname).filename().string();
  for (std::string_view prefix : {"__asan_", "__lsan_", "__tsan_", "__ubsan_", "__sanitizer_"})
    if (name.rfind(prefix, 0) == 0) return true;
  return contains(kAllowedLibraries, library) || is_loaded_sanitizer(library);
}

void check_undefined(const ElfFile& elf, const PluginMetadata& m, const PluginFile& file) {
  using Versioned = std::array<std::string_view, 3>;  // the version, its library, the symbol
  std::vector<std::string_view> missing;
  std::set<Versioned> versions;
  for (const ElfSymbol& symbol : elf.symbols()) {
    if (symbol.defined || symbol.weak || symbol.name.empty()) continue;
    const std::string name(symbol.name);
    if (symbol.version.empty()) {
      if (!found_unversioned(name)) missing.push_back(symbol.name);
    } else if (::dlvsym(RTLD_DEFAULT, name.c_str(), std::string(symbol.version).c_str()) ==
               nullptr) {
      versions.insert({symbol.version, symbol.library, symbol.name});
    }
  }
  const std::string host = std::string("glibc ") + ::gnu_get_libc_version() +
                           ", libstdc++ of g++ " + std::to_string(_GLIBCXX_RELEASE) +
                           " or newer, libraries that a portable plugin may use";
  if (!missing.empty())
    throw PluginRefused({RefusalCode::kUndefinedSymbol,
                         titled(m) + " uses symbols that nothing here defines: " + listed(missing),
                         file.path.string() + ", " + std::to_string(missing.size()) +
                             " undefined symbols, " + m.compiler,
                         host, "define them in the plugin, or call them through the SDK"});
  if (!versions.empty())
    throw PluginRefused({RefusalCode::kSymbolVersion,
                         titled(m) + " was built on a newer system; it needs " +
                             listed(versions,
                                    [](const Versioned& v) {
                                      return symbol_text(v[0]) + " of " + symbol_text(v[1]) + " (" +
                                             symbol_text(v[2]) + ")";
                                    }),
                         file.path.string() + ", " + m.compiler, host,
                         "build the plugin on the oldest system that it should run on"});
}

}  // namespace

void check_symbols(const ElfFile& elf, const PluginMetadata& metadata, const PluginFile& file) {
  check_libraries(elf, metadata, file);
  check_exports(elf, metadata, file);
  check_undefined(elf, metadata, file);
}

}  // namespace kith::host
