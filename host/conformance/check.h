// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <kith/harness.hpp>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "conformance/findings.h"

namespace kith::conformance {

/// What is checked.
struct Subject {
  harness::Plugin plugin;
  /// The encoder of a method that is checked, as a table; see harness::Encoders.
  std::string encoder = harness::kSmallEncoder;

  /// The table with all options at their defaults, then each option at its ends and choices.
  std::vector<std::string> tables() const;
};

/// One thing that every plugin of a kind must hold.
struct Check {
  std::string_view name;  ///< "gradient"
  std::string_view what;  ///< what holds, as a sentence without an end
  /// @throws what the plugin throws, which is a failure too.
  void (*run)(const Subject& subject, Findings& findings);
};

/// The checks of a kind ("loss"), from the simplest on; none for an unknown kind. [any thread]
std::span<const Check> checks_of(std::string_view kind);

/// `use` runs a plugin made from a table: its operators, with the defaults and with each of its
/// choices, must be among those that its file and `others` list, and none may bring a tensor to the
/// CPU. A choice may be refused with a ConfigError.
void expect_operators(const Subject& subject, const std::set<std::string>& others,
                      const std::string& what, Findings& findings,
                      const std::function<void(const std::string& table)>& use);

/// Runs a check in this process; what is thrown becomes a failure.
Findings run_check(const Check& check, const Subject& subject);

/// The checks of each kind, one file a kind.
std::span<const Check> augmentation_checks();
std::span<const Check> encoder_checks();
std::span<const Check> evaluation_checks();
std::span<const Check> loss_checks();
std::span<const Check> method_checks();

}  // namespace kith::conformance
