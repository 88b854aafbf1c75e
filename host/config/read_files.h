// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/config_node.h"
#include "config/problems.h"

namespace kith::host {

/// An experiment's file, laid over what it extends.
struct ReadFiles {
  ConfigNode root;                           ///< without `extends`
  std::vector<std::filesystem::path> files;  ///< the file itself first, then what it extends
};

/// One file. @param who  what the file is, for messages: "experiment". @param named_at  where it
/// was named. @returns  nothing if it is missing or is not TOML; the problem is then noted.
std::optional<ConfigNode> read_toml_file(const std::filesystem::path& path, const std::string& who,
                                         const SourcePlace& named_at, Problems& problems);

/// @returns  nothing if a file is missing, is not TOML, or extends itself; the problem is then
/// noted.
std::optional<ReadFiles> read_files(const std::filesystem::path& path, Problems& problems);

}  // namespace kith::host
