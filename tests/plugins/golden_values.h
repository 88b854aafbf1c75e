// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <kith/harness.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "golden/golden_file.h"

namespace kith::golden {

/// A data set as the harness takes it.
inline harness::Values values_of(const Array& array) {
  if (array.is_real()) return {array.shape(), array.reals()};
  const auto& whole = array.integers();
  return {array.shape(), {whole.begin(), whole.end()}, harness::Number::kWhole};
}

/// A number so that TOML reads the same double.
inline std::string exact(double number) {
  std::ostringstream text;
  text.precision(17);
  text << std::showpoint << number;
  return text.str();
}

inline void expect_equal(const harness::Values& actual, const Array& expected,
                         Tolerance tolerance) {
  EXPECT_EQ(actual.shape, expected.shape());
  EXPECT_EQ(find_difference(actual.numbers, expected.reals(), tolerance), "");
}

/// The tolerance of losses and states, and that of gradients, for a compute dtype.
inline Tolerance tolerance_of(harness::Compute compute) {
  return compute == harness::Compute::kFloat64 ? kFloat64 : kFloat32;
}
inline Tolerance gradient_tolerance_of(harness::Compute compute) {
  return compute == harness::Compute::kFloat64 ? kFloat64 : kFloat32Gradient;
}

}  // namespace kith::golden

/// Skips a test where the golden files are not.
#define KITH_REQUIRE_GOLDEN()              \
  if (!kith::golden::find_golden_folder()) \
  GTEST_SKIP() << "no folder with golden files; set KITH_GOLDEN to it"
