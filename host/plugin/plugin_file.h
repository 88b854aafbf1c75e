// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace kith::host {

/// Largest plugin file that is read: 256 MiB.
inline constexpr std::uintmax_t kMaxPluginBytes = std::uintmax_t{256} << 20;

/// A plugin's bytes, read once; everything else looks at these and never at the file again.
struct PluginFile {
  std::filesystem::path path;
  std::vector<std::byte> bytes;
  std::string sha256;  ///< 64 hexadecimal digits, of the bytes
};

/// Reads a whole plain file; a folder, a pipe, an empty or a huge file is refused without blocking.
///
/// @throws PluginRefused  kUnreadable, kTooLarge.
PluginFile read_plugin_file(const std::filesystem::path& path);

}  // namespace kith::host
