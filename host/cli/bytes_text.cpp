// SPDX-License-Identifier: Apache-2.0
#include "cli/bytes_text.h"

#include <fmt/format.h>

namespace kith::host {

std::string bytes_text(std::int64_t bytes) {
  if (bytes >= 10'000'000'000) return fmt::format("{:.0f} GB", static_cast<double>(bytes) / 1e9);
  if (bytes >= 1'000'000) return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
  return fmt::format("{:.1f} kB", static_cast<double>(bytes) / 1e3);
}

}  // namespace kith::host
