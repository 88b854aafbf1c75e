// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace kith::host {

/// What tells this build of the program from every other: the linker's build id, or, where there is
/// none, the SHA-256 of the program's file.
const std::string& host_build_id();

}  // namespace kith::host
