// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace kith::host {

/// One place where plugins are looked for; a nearer one wins.
struct PluginFolder {
  std::filesystem::path path;
  std::string reason;  ///< "the experiment's folder", "KITH_PLUGIN_PATH", ...
  int depth = 0;       ///< levels of sub-folders that are looked into
};

/// Where plugins are looked for, the nearest first:
///
///  1. the experiment's own folder, and `plugins/` in it;
///  2. each folder of the environment variable KITH_PLUGIN_PATH, separated by colons;
///  3. the user's folder: $XDG_DATA_HOME/kith/plugins, or ~/.local/share/kith/plugins;
///  4. next to the program: <its folder>/plugins, <its folder>/../lib/kith/plugins (or lib64, or
///  lib/x86_64-linux-gnu), and, for a program that lies in a
///     build tree (a `build.ninja` one or two levels above it), the `plugins` folder of that tree.
///
/// In the places 2 to 4 sub-folders are looked into as well, two levels deep; in 1 only the two
/// folders themselves. Of a folder that two places name, the nearer place counts.
///
/// @param experiment_folder  empty: none.
/// @param program            the program's own file; empty: /proc/self/exe.
std::vector<PluginFolder> plugin_search_path(const std::filesystem::path& experiment_folder,
                                             const std::filesystem::path& program = {});

/// All files whose names end in .so in a folder, sorted by path. Sub-folders down to `depth` levels
/// are looked into; folders whose names begin with '.' are not. Links to files count, links to
/// folders are not followed. An absent folder has none.
std::vector<std::filesystem::path> plugin_files_in(const std::filesystem::path& folder, int depth);

}  // namespace kith::host
