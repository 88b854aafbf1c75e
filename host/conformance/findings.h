// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <kith/harness.hpp>
#include <string>
#include <vector>

namespace kith::conformance {

/// Settings that declare more state are not tried, in MiB.
inline constexpr std::int64_t kMostStateMib = 128;

/// What one check finds: numbers that it measured, and what does not hold. A check goes on after a
/// failure, so that a person sees all of a kind at once. [one thread]
class Findings {
 public:
  /// What the following findings are about ("plugin = "x", temperature = 0.1"); empty: nothing.
  void about(std::string what) { about_ = std::move(what); }
  const std::string& about() const { return about_; }

  /// A number or count that was measured, shown whether the check passes or not.
  void measured(const std::string& text);
  void fail(const std::string& text);
  void expect(bool holds, const std::string& otherwise) {
    if (!holds) fail(otherwise);
  }
  /// Numbers of a tensor are finite.
  void expect_finite(const harness::Values& values, const std::string& name);
  /// Both have the same tensors with the same numbers, bit for bit.
  void expect_same(const harness::Named& a, const harness::Named& b, const std::string& when);
  /// `called` are all among `listed`, and there are some.
  void expect_listed(const std::set<std::string>& called, const std::set<std::string>& listed);
  /// No call brought a tensor to the CPU: a step must not wait for the device.
  void expect_no_read_back(const harness::Calls& calls);
  /// That so many settings of options were tried, `refused` of them by a ConfigError, as those with
  /// more state than kMostStateMib are.
  void measured_settings(std::size_t tried, int refused = 0);
  /// The check has nothing to say about this plugin.
  void skip(std::string why) { skipped_ = std::move(why); }

  bool passed() const { return failures_.empty(); }
  const std::string& figures() const { return figures_; }
  /// The first few; a last line counts the rest.
  const std::vector<std::string>& failures() const { return failures_; }
  const std::string& skipped() const { return skipped_; }

 private:
  std::string about_, figures_, skipped_;
  std::vector<std::string> failures_;
  std::size_t unnamed_ = 0;  // failures that are only counted
};

/// The greatest difference between numbers and what they should be.
class Worst {
 public:
  /// @returns  the difference; not finite counts as infinite.
  double add(double actual, double wanted);
  /// Of tensors of one shape, number by number.
  double add(const harness::Values& actual, const harness::Values& wanted);
  double difference() const { return worst_; }

 private:
  double worst_ = 0;
};

/// A number as a person reads it: 3.1e-09, 0.25.
std::string number_text(double value);

/// "[6, 5]"
std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace kith::conformance
