// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace kith::host {

/// The shortest text that reads back as exactly this number: "0.1", "1e-05", "3".
std::string number_text(double number);

/// The same as a TOML float, which needs a point or an exponent: "3.0".
std::string toml_float(double number);

}  // namespace kith::host
