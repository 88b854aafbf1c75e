// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <kith/harness.hpp>
#include <string>
#include <vector>

namespace kith::conformance {

/// All plugins of a kind that this build has made.
std::vector<harness::Plugin> shipped(std::string_view kind);

/// The plugin of an id.
harness::Plugin find_shipped(std::string_view kind, std::string_view id);

/// The operators that all shipped plugins of a kind list.
std::set<std::string> listed_operators(std::string_view kind);

/// A suite's parameter: ids of the shipped plugins of a kind.
std::vector<std::string> shipped_ids(std::string_view kind);

/// The short name of an id, for a test's name.
std::string short_name(const testing::TestParamInfo<std::string>& info);

/// Normal numbers, the same for the same name.
harness::Values normal(std::vector<std::int64_t> shape, std::string_view name);

bool all_finite(const harness::Values& values);
double largest(const harness::Values& values);

/// Fails for each operator that was called and is not among those listed.
void expect_listed(const std::set<std::string>& called, const std::set<std::string>& listed);

}  // namespace kith::conformance
