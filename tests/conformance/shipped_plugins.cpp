// SPDX-License-Identifier: Apache-2.0
#include "conformance/shipped_plugins.h"

#include <filesystem>
#include <string>

namespace kith::conformance {

std::vector<harness::Plugin> shipped(std::string_view kind) {
  const auto folder = std::filesystem::weakly_canonical(KITH_BUILD_DIR "/plugins").string();
  auto all = harness::plugins(kind);
  std::erase_if(all, [&](const auto& plugin) {
    return !std::filesystem::weakly_canonical(plugin.file).string().starts_with(folder);
  });
  return all;
}

}  // namespace kith::conformance
