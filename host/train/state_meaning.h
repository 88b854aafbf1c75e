// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "store/run_file.h"

namespace kith::host {

/// What run.h5 says of a tensor of the state with an export kind: `dimensions`, the meaning of each
/// in order, and `meaning`, one sentence. Nothing for a kind that the SDK does not name.
Attributes state_meaning(const std::string& export_kind);

}  // namespace kith::host
