// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/abi/core.h>

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "config/plugin_use.h"

namespace kith::host {

/// The options of a plugin in the form in which they cross the border; owns everything that they
/// point to.
///
/// bool: KITH_BOOL; int: KITH_INT; real: KITH_DOUBLE; string, choice, path: KITH_STRING
/// (NUL-terminated too); schedule: KITH_TABLE with the entries kind (string), start, end (real);
/// lists: KITH_INTS (of bool and int), KITH_DOUBLES, KITH_STRINGS, and of schedules a KITH_TABLE
/// with entries that have no name. Options that name a plugin are left out: the host makes that
/// plugin itself.
class OptionArguments {
 public:
  explicit OptionArguments(const std::vector<OptionValue>& options);
  OptionArguments(OptionArguments&&) = default;
  OptionArguments& operator=(OptionArguments&&) = default;
  OptionArguments(const OptionArguments&) = delete;
  OptionArguments& operator=(const OptionArguments&) = delete;

  /// In the order of the options; valid as long as this object, moved or not.
  std::span<const kith_arg> args() const { return args_; }

 private:
  kith_value value_of(const OptionValue& option);
  kith_value list_of(const OptionValue& option);
  kith_value scalar_of(const OptionScalar& scalar);
  kith_value schedule_of(const Schedule& schedule);
  kith_value text_of(const std::string& text);

  std::vector<kith_arg> args_;
  // Deques: an element stays where it is while others are added, and while the deque is moved.
  std::deque<std::string> texts_;
  std::deque<std::vector<std::int64_t>> ints_;
  std::deque<std::vector<double>> reals_;
  std::deque<std::vector<kith_text>> text_lists_;
  std::deque<std::vector<kith_arg>> tables_;
};

}  // namespace kith::host
