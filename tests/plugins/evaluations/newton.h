// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace kith::test {

/// A small classification problem: features [N, D] row by row, labels in [0, classes).
struct Problem {
  std::vector<double> features;
  std::vector<std::int64_t> labels;
  std::int64_t width = 0, classes = 0;

  std::int64_t rows() const { return static_cast<std::int64_t>(labels.size()); }
  const double* row(std::int64_t i) const { return &features[static_cast<std::size_t>(i * width)]; }
  Problem part(std::int64_t start, std::int64_t length) const;
};

/// Weights [classes, D], row by row, and biases that sum to 0.
struct LinearModel {
  std::vector<double> weights, biases;

  /// log softmax(W x + b)
  std::vector<double> log_probabilities(const double* x) const;
};

/// The minimum over W and b of the mean cross-entropy plus l2 / 2 |W|^2, in double: Newton steps
/// with the full Hessian, solved by elimination, until the gradient is rounding.
LinearModel newton_logistic(const Problem& problem, double l2);

}  // namespace kith::test
