// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <kith/error.hpp>
#include <string>

namespace kith::host {

/// Is told what is wrong with the files of a data set, one text for each thing. [one thread]
using OnProblem = std::function<void(const std::string&)>;

/// Of many labels that are wrong in one file so many are told one by one, and how many more there
/// are.
inline constexpr std::int64_t kLabelsTold = 10;

/// Runs a check that throws DataError. The text goes to `on_problem`, so that a reader can go on to
/// what is wrong elsewhere; where that is empty the error goes on to the caller.
/// @returns whether the check passed.
inline bool passes(const OnProblem& on_problem, const std::function<void()>& check) {
  try {
    check();
    return true;
  } catch (const DataError& error) {
    if (!on_problem) throw;
    on_problem(error.what());
    return false;
  }
}

}  // namespace kith::host
