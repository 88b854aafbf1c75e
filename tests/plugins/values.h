// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <kith/harness.hpp>
#include <vector>

namespace kith {

/// Rows [first, first + n) of a matrix.
inline harness::Values rows_of(const harness::Values& all, std::int64_t first, std::int64_t n) {
  const auto width = all.shape[1];
  return {{n, width},
          {all.numbers.begin() + first * width, all.numbers.begin() + (first + n) * width},
          all.kind};
}

/// A matrix with rows and columns exchanged: some released code keeps a queue as [C, K].
inline harness::Values transposed(const harness::Values& x) {
  const auto rows = static_cast<std::size_t>(x.shape[0]);
  const auto columns = static_cast<std::size_t>(x.shape[1]);
  harness::Values out{{x.shape[1], x.shape[0]}, std::vector<double>(rows * columns), x.kind};
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j)
      out.numbers[j * rows + i] = x.numbers[i * columns + j];
  return out;
}

}  // namespace kith
