// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <kith/error.hpp>
#include <string>

namespace kith::host {

/// Is told what is wrong with the files of a data set, one text for each thing. [one thread]
using OnProblem = std::function<void(const std::string&)>;

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

/// Holds the labels of a file against the classes: of those that are none the first ten are
/// problems one by one, and then how many more there are.
/// @param is_wrong     whether label i is no class
/// @param refuse       throws DataError for label i
/// @param refuse_more  throws DataError for so many more
template <class IsWrong, class Refuse, class RefuseMore>
void check_each_label(std::size_t count, const OnProblem& on_problem, const IsWrong& is_wrong,
                      const Refuse& refuse, const RefuseMore& refuse_more) {
  constexpr std::int64_t kTold = 10;
  std::int64_t wrong = 0;
  for (std::size_t i = 0; i < count; ++i)
    if (is_wrong(i) && ++wrong <= kTold) passes(on_problem, [&] { refuse(i); });
  if (wrong > kTold) passes(on_problem, [&] { refuse_more(wrong - kTold); });
}

}  // namespace kith::host
