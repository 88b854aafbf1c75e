// SPDX-License-Identifier: Apache-2.0
#include "plugins/evaluations/newton.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <utility>

namespace kith::test {
namespace {

using Matrix = std::vector<std::vector<double>>;

/// x with A x = b, by elimination with pivots.
std::vector<double> solve(Matrix a, std::vector<double> b) {
  const auto n = b.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < n; ++i)
      if (std::abs(a[i][k]) > std::abs(a[pivot][k])) pivot = i;
    std::swap(a[k], a[pivot]);
    std::swap(b[k], b[pivot]);
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = a[i][k] / a[k][k];
      for (std::size_t j = k; j < n; ++j) a[i][j] -= factor * a[k][j];
      b[i] -= factor * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) b[k] -= a[k][j] * b[j];
    b[k] /= a[k][k];
  }
  return b;
}

/// Parameter (class c, input d); input D is the bias.
struct Newton {
  const Problem& problem;
  double l2;
  std::size_t inputs = static_cast<std::size_t>(problem.width) + 1;
  std::size_t count = static_cast<std::size_t>(problem.classes) * inputs;
  std::vector<double> gradient = std::vector<double>(count);
  Matrix hessian = Matrix(count, std::vector<double>(count));

  std::size_t at(std::size_t c, std::size_t d) const { return c * inputs + d; }

  void add_row(const LinearModel& model, std::int64_t i) {
    const auto classes = static_cast<std::size_t>(problem.classes);
    auto p = model.log_probabilities(problem.row(i));
    for (auto& x : p) x = std::exp(x);
    std::vector<double> x(problem.row(i), problem.row(i) + problem.width);
    x.push_back(1);
    const auto own = static_cast<std::size_t>(problem.labels[static_cast<std::size_t>(i)]);
    const double share = 1.0 / static_cast<double>(problem.rows());
    for (std::size_t c = 0; c < classes; ++c)
      for (std::size_t d = 0; d < inputs; ++d) {
        gradient[at(c, d)] += share * (p[c] - (c == own)) * x[d];
        for (std::size_t e = 0; e < classes; ++e)
          for (std::size_t f = 0; f < inputs; ++f)
            hessian[at(c, d)][at(e, f)] += share * p[c] * ((c == e) - p[e]) * x[d] * x[f];
      }
  }
  /// The penalty; and (sum of biases)^2 / 2, which is 0 at the minimum and makes it the only one.
  void add_penalty(const LinearModel& model) {
    const auto classes = static_cast<std::size_t>(problem.classes), width = inputs - 1;
    double biases = 0;
    for (const double b : model.biases) biases += b;
    for (std::size_t c = 0; c < classes; ++c) {
      for (std::size_t d = 0; d < width; ++d) {
        gradient[at(c, d)] += l2 * model.weights[c * width + d];
        hessian[at(c, d)][at(c, d)] += l2;
      }
      gradient[at(c, width)] += biases;
      for (std::size_t e = 0; e < classes; ++e) hessian[at(c, width)][at(e, width)] += 1;
    }
  }
};

}  // namespace

Problem Problem::part(std::int64_t start, std::int64_t length) const {
  Problem some{{}, {}, width, classes};
  some.features.assign(row(start), row(start) + length * width);
  some.labels.assign(labels.begin() + start, labels.begin() + start + length);
  return some;
}

std::vector<double> LinearModel::log_probabilities(const double* x) const {
  const auto width = weights.size() / biases.size();
  std::vector<double> logits = biases;
  for (std::size_t c = 0; c < biases.size(); ++c)
    for (std::size_t d = 0; d < width; ++d) logits[c] += weights[c * width + d] * x[d];
  const double most = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const double l : logits) sum += std::exp(l - most);
  for (auto& l : logits) l -= most + std::log(sum);
  return logits;
}

LinearModel newton_logistic(const Problem& problem, double l2) {
  const auto classes = static_cast<std::size_t>(problem.classes);
  const auto width = static_cast<std::size_t>(problem.width);
  LinearModel model{std::vector<double>(classes * width), std::vector<double>(classes)};
  for (int step = 0; step < 100; ++step) {
    Newton newton{problem, l2};
    for (std::int64_t i = 0; i < problem.rows(); ++i) newton.add_row(model, i);
    newton.add_penalty(model);
    double largest = 0;
    for (const double g : newton.gradient) largest = std::max(largest, std::abs(g));
    if (largest < 1e-13) return model;
    const auto change = solve(newton.hessian, newton.gradient);
    // A step of at most 2 in any parameter: far from the minimum a full one may overshoot.
    double longest = 2;
    for (const double x : change) longest = std::max(longest, std::abs(x));
    for (std::size_t c = 0; c < classes; ++c) {
      for (std::size_t d = 0; d < width; ++d)
        model.weights[c * width + d] -= 2 / longest * change[newton.at(c, d)];
      model.biases[c] -= 2 / longest * change[newton.at(c, width)];
    }
  }
  throw std::runtime_error("newton_logistic: no minimum after 100 steps");
}

}  // namespace kith::test
