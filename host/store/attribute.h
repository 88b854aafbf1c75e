// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace kith::host {

/// A value of an HDF5 attribute.
using AttributeValue = std::variant<bool, std::int64_t, double, std::string,
                                    std::vector<std::string>, std::vector<std::int64_t>>;
using Attributes = std::map<std::string, AttributeValue>;

}  // namespace kith::host
