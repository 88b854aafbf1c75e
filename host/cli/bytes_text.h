// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace kith::host {

/// A number of bytes for a person: "102.4 kB", "1.5 MB", "12 GB"; powers of 1000.
std::string bytes_text(std::int64_t bytes);

}  // namespace kith::host
