// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace kith::host {

/// The text of a file of sdk/templates ("loss/README.md"), as it was when the program was built;
/// empty for another path.
std::string_view find_template(std::string_view path);

}  // namespace kith::host
