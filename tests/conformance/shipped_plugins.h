// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/harness.hpp>
#include <string_view>
#include <vector>

namespace kith::conformance {

/// All plugins of a kind that this build has made.
std::vector<harness::Plugin> shipped(std::string_view kind);

}  // namespace kith::conformance
