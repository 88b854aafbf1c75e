// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <kith/harness.hpp>
#include <numeric>
#include <utility>
#include <vector>

/// Layers worked out from their formulas in float64, for whole steps that have no golden value.
namespace kith::reference {

/// Rows of equal width.
using Matrix = std::vector<std::vector<double>>;

inline Matrix matrix(const harness::Values& v) {
  Matrix rows;
  for (std::int64_t i = 0; i < v.shape[0]; ++i)
    rows.emplace_back(v.numbers.begin() + i * v.shape[1], v.numbers.begin() + (i + 1) * v.shape[1]);
  return rows;
}

/// Numbers between -1 and 1 without a pattern, others for another phase.
inline harness::Values wave(std::vector<std::int64_t> shape, double phase) {
  harness::Values values{std::move(shape), {}};
  std::int64_t count = 1;
  for (const auto size : values.shape) count *= size;
  for (std::int64_t i = 0; i < count; ++i)
    values.numbers.push_back(std::sin(1.3 * static_cast<double>(i * i) + phase));
  return values;
}

inline double dot(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// Rows divided by their norm.
inline Matrix unit_rows(Matrix x) {
  for (auto& row : x) {
    const double norm = std::sqrt(dot(row, row));
    for (auto& v : row) v /= norm;
  }
  return x;
}

/// NT-Xent of unit rows: all of view 1, then all of view 2.
inline double nt_xent(const Matrix& z, double temperature) {
  const auto n = z.size();
  double loss = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double others = 0;
    for (std::size_t j = 0; j < n; ++j)
      if (j != i) others += std::exp(dot(z[i], z[j]) / temperature);
    loss += std::log(others) - dot(z[i], z[(i + n / 2) % n]) / temperature;
  }
  return loss / static_cast<double>(n);
}

/// x W^T + b; an empty b is none.
inline Matrix linear(const Matrix& x, const Matrix& weight, const std::vector<double>& bias = {}) {
  Matrix y(x.size(), std::vector<double>(weight.size()));
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t o = 0; o < weight.size(); ++o) {
      double sum = bias.empty() ? 0 : bias[o];
      for (std::size_t k = 0; k < x[i].size(); ++k) sum += x[i][k] * weight[o][k];
      y[i][o] = sum;
    }
  return y;
}

/// (x - mean) / sqrt(variance + 1e-5) by column, the variance biased.
inline Matrix batch_norm(Matrix x) {
  const auto n = static_cast<double>(x.size());
  for (std::size_t c = 0; c < x[0].size(); ++c) {
    double mean = 0, variance = 0;
    for (const auto& row : x) mean += row[c] / n;
    for (const auto& row : x) variance += (row[c] - mean) * (row[c] - mean) / n;
    for (auto& row : x) row[c] = (row[c] - mean) / std::sqrt(variance + 1e-5);
  }
  return x;
}

inline Matrix relu(Matrix x) {
  for (auto& row : x)
    for (auto& v : row) v = std::max(v, 0.0);
  return x;
}

/// The mean over rows of the cosine between a row of a and that of b; a row of zeros has cosine 0.
inline double mean_cosine(const Matrix& a, const Matrix& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    double dot = 0, aa = 0, bb = 0;
    for (std::size_t k = 0; k < a[i].size(); ++k) {
      dot += a[i][k] * b[i][k];
      aa += a[i][k] * a[i][k];
      bb += b[i][k] * b[i][k];
    }
    sum += dot / std::max(std::sqrt(aa * bb), 1e-24);
  }
  return sum / static_cast<double>(a.size());
}

}  // namespace kith::reference
