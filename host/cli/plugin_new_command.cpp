// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>

#include "cli/commands.h"
#include "scaffold/new_plugin.h"
#include "scaffold/sdk_folder.h"

namespace kith::host {
namespace {

namespace fs = std::filesystem;

/// The program as a shell finds it from any folder.
std::string program_word() {
  std::error_code error;
  const auto own = fs::read_symlink("/proc/self/exe", error);
  return error ? "kith" : shell_word(own.string());
}

std::string include_words() {
  const auto sdk = find_sdk_folder();
  return sdk.empty() ? "$(pkg-config --cflags kith-sdk)" : "-I " + shell_word(sdk.string());
}

/// The line that the SDK documents, and what is added for loops over pixels.
std::string compile_words(const std::string& kind) {
  return std::string("g++ -shared -std=c++20 ") +
         (kind == "augmentation" ? "-O3 -ffp-contract=off" : "-O2") +
         " -fPIC -fvisibility=hidden -fno-gnu-unique";
}

}  // namespace

int plugin_new_command(const NewPluginArguments& a) {
  const fs::path folder = a.folder.empty() ? fs::path(a.name) : fs::path(a.folder);
  const auto files = write_new_plugin(a.kind, a.name, folder);
  fmt::print("wrote the {} '{}':\n", a.kind, a.name);
  for (const auto& file : files) fmt::print("  {}\n", (folder / file).string());
  const auto stem = shell_word((folder / a.name).string());
  const bool bare = stem.find('/') == std::string::npos;
  fmt::print("\nbuild and check it:\n");
  fmt::print("  {} {} {}.cpp -o {}.so && {} plugin check {}{}.so\n", compile_words(a.kind),
             include_words(), stem, stem, program_word(), bare ? "./" : "", stem);
  return kExitOk;
}

}  // namespace kith::host
