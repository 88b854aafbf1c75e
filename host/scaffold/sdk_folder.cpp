// SPDX-License-Identifier: Apache-2.0
#include "scaffold/sdk_folder.h"

#include <fstream>
#include <nlohmann/json.hpp>

namespace kith::host {
namespace fs = std::filesystem;
namespace {

bool has_sdk(const fs::path& folder) {
  std::error_code error;
  return fs::is_regular_file(folder / "kith" / "plugin.hpp", error);
}

/// The source tree of a build tree, as Meson wrote it down; empty for other folders.
fs::path source_of(const fs::path& build) {
  std::ifstream file(build / "meson-info" / "meson-info.json");
  if (!file) return {};
  const auto info = nlohmann::json::parse(file, nullptr, false);
  if (info.is_discarded()) return {};
  return info.value("/directories/source"_json_pointer, "");
}

}  // namespace

fs::path find_sdk_folder(const fs::path& program) {
  std::error_code error;
  const fs::path own = program.empty() ? fs::read_symlink("/proc/self/exe", error) : program;
  auto folder = own.parent_path();
  for (int level = 0; level < 4 && folder.has_relative_path(); ++level) {
    if (has_sdk(folder / "include")) return folder / "include";
    if (const auto source = source_of(folder);
        !source.empty() && has_sdk(source / "sdk" / "include"))
      return source / "sdk" / "include";
    folder = folder.parent_path();
  }
  return {};
}

std::string shell_word(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789_-+=./,:@%") == std::string::npos;
  if (plain) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace kith::host
