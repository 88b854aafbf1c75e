// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/harness.hpp>
#include <string_view>
#include <vector>

namespace kith::conformance {

/// Normal numbers, the same for the same name.
harness::Values normal(std::vector<std::int64_t> shape, std::string_view name);

/// Rows of a matrix divided by their norm.
void make_unit_rows(harness::Values& rows);

bool all_finite(const harness::Values& values);

/// The largest absolute value.
double largest(const harness::Values& values);

/// The sum of the products of two tensors of one shape.
double dot(const harness::Values& a, const harness::Values& b);

}  // namespace kith::conformance
