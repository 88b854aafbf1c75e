// SPDX-License-Identifier: Apache-2.0
#include "plugin/search_path.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <sstream>
#include <system_error>

namespace kith::host {
namespace fs = std::filesystem;
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

fs::path program_folder(const fs::path& program) {
  std::error_code error;
  const fs::path file =
      fs::canonical(program.empty() ? fs::path("/proc/self/exe") : program, error);
  return error ? fs::path() : file.parent_path();
}

void add_program_folders(const fs::path& folder, std::vector<PluginFolder>& out) {
  if (folder.empty()) return;
  const std::string reason = "next to the program";
  out.push_back({folder / "plugins", reason, 2});
  for (const char* library_folder : {"lib", "lib64", "lib/x86_64-linux-gnu"})
    out.push_back({folder.parent_path() / library_folder / "kith" / "plugins", reason, 2});
  for (const fs::path& root : {folder.parent_path(), folder.parent_path().parent_path()})
    if (std::error_code error; fs::exists(root / "build.ninja", error))
      out.push_back({root / "plugins", "the program's build tree", 2});
}

void collect(const fs::path& folder, int depth, std::vector<fs::path>& out) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const fs::path& path = it->path();
    std::error_code ignored;
    const bool is_folder = it->is_directory(ignored) && !it->is_symlink(ignored);
    if (is_folder && depth > 0 && path.filename().string().front() != '.')
      collect(path, depth - 1, out);
    else if (path.extension() == ".so")
      out.push_back(path);
  }
}

}  // namespace

std::vector<PluginFolder> plugin_search_path(const fs::path& experiment_folder,
                                             const fs::path& program) {
  std::vector<PluginFolder> all;
  if (!experiment_folder.empty()) {
    all.push_back({experiment_folder, "the experiment's folder", 0});
    all.push_back({experiment_folder / "plugins", "the experiment's folder", 0});
  }
  std::istringstream listed(environment("KITH_PLUGIN_PATH"));
  for (std::string folder; std::getline(listed, folder, ':');)
    if (!folder.empty()) all.push_back({folder, "KITH_PLUGIN_PATH", 2});
  if (const std::string data = environment("XDG_DATA_HOME"); !data.empty())
    all.push_back({fs::path(data) / "kith" / "plugins", "the user's folder", 2});
  else if (const std::string home = environment("HOME"); !home.empty())
    all.push_back(
        {fs::path(home) / ".local" / "share" / "kith" / "plugins", "the user's folder", 2});
  add_program_folders(program_folder(program), all);

  std::vector<PluginFolder> once;
  std::set<std::string> seen;
  for (PluginFolder& folder : all) {
    std::error_code error;
    const fs::path real = fs::weakly_canonical(folder.path, error);
    if (seen.insert((error ? folder.path : real).string()).second)
      once.push_back(std::move(folder));
  }
  return once;
}

std::vector<fs::path> plugin_files_in(const fs::path& folder, int depth) {
  std::vector<fs::path> files;
  collect(folder, depth, files);
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace kith::host
