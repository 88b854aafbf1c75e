// SPDX-License-Identifier: Apache-2.0
#include "conformance/numbers.h"

#include <algorithm>
#include <cmath>
#include <kith/random.hpp>
#include <numeric>

namespace kith::conformance {

harness::Values normal(std::vector<std::int64_t> shape, std::string_view name) {
  std::size_t count = 1;
  for (const auto size : shape) count *= static_cast<std::size_t>(size);
  harness::Values values{std::move(shape), std::vector<double>(count)};
  Draw draw({.seed = 11}, name);
  for (auto& x : values.numbers) x = draw.normal();
  return values;
}

void make_unit_rows(harness::Values& rows) {
  const auto width = static_cast<std::size_t>(rows.shape.back());
  for (std::size_t at = 0; at < rows.numbers.size(); at += width) {
    double sum = 0;
    for (std::size_t i = at; i < at + width; ++i) sum += rows.numbers[i] * rows.numbers[i];
    for (std::size_t i = at; i < at + width; ++i) rows.numbers[i] /= std::sqrt(sum);
  }
}

bool all_finite(const harness::Values& values) {
  return std::all_of(values.numbers.begin(), values.numbers.end(),
                     [](double x) { return std::isfinite(x); });
}

double largest(const harness::Values& values) {
  double most = 0;
  for (const auto x : values.numbers) most = std::max(most, std::abs(x));
  return most;
}

double dot(const harness::Values& a, const harness::Values& b) {
  return std::inner_product(a.numbers.begin(), a.numbers.end(), b.numbers.begin(), 0.0);
}

}  // namespace kith::conformance
