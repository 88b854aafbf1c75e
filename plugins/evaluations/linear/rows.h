// SPDX-License-Identifier: Apache-2.0
//
// Features made ready for a fit, with their labels.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <kith/classification.hpp>
#include <kith/error.hpp>
#include <string>
#include <utility>
#include <vector>

namespace kith_linear {

using kith::Tensor;

/// Rows [N, D] with their labels int64 [N].
struct Rows {
  Tensor features, labels;

  std::int64_t size() const { return features.size(0); }
  Rows part(std::int64_t start, std::int64_t length) const {
    return {features.narrow(0, start, length), labels.narrow(0, start, length)};
  }
  Rows at(const std::vector<std::int64_t>& positions) const {
    const Tensor rows = kith::as_rows(positions);
    return {features.index_select(0, rows), labels.index_select(0, rows)};
  }
};

/// @throws DataError  names the first number that is not finite.
inline void require_finite(const Tensor& features, const char* whose) {
  const Tensor all = features.to(kith::Dtype::kFloat64).contiguous();
  const auto* number = all.data<double>();
  for (std::int64_t i = 0; i < all.numel(); ++i)
    if (!std::isfinite(number[i]))
      throw kith::DataError("features must be finite, got " + std::to_string(number[i]) +
                            " in row " + std::to_string(i / all.size(1)) + ", column " +
                            std::to_string(i % all.size(1)) + " of the " + whose);
}

/// Takes the bank's mean off every column and, where asked to, divides by its standard deviation.
/// Statistics are double; a column that does not vary beyond rounding is not divided.
class Standardiser {
 public:
  Standardiser(const Tensor& bank, bool divide) {
    const auto n = static_cast<double>(bank.size(0));
    mean_ = sum_over_tiles(bank, [](const Tensor& rows) { return rows.sum(0, true); }) / n;
    deviation_ = kith::ones_like(mean_);
    if (!divide) return;
    const Tensor variance =
        sum_over_tiles(bank,
                       [&](const Tensor& rows) { return (rows - mean_).square().sum(0, true); }) /
        n;
    const Tensor deviation = variance.sqrt();
    deviation_ = kith::where(deviation > kLeastVariation * mean_.abs(), deviation, deviation_);
  }

  const Tensor& mean() const { return mean_; }            // float64 [1, D]
  const Tensor& deviation() const { return deviation_; }  // float64 [1, D], > 0

  Tensor operator()(const Tensor& features) const {
    std::vector<Tensor> parts;
    for_each_tile(features, [&](const Tensor& rows) {
      parts.push_back(((rows - mean_) / deviation_).to(features.dtype()));
    });
    return kith::cat(parts);
  }

 private:
  static constexpr std::int64_t kTile = 8192;      // rows that are double at a time
  static constexpr double kLeastVariation = 1e-6;  // of the mean: float32 has 6e-8

  template <class Turn>
  static void for_each_tile(const Tensor& rows, const Turn& turn) {
    for (std::int64_t at = 0; at < rows.size(0); at += kTile)
      turn(rows.narrow(0, at, std::min(kTile, rows.size(0) - at)).to(kith::Dtype::kFloat64));
  }
  template <class Turn>
  static Tensor sum_over_tiles(const Tensor& rows, const Turn& turn) {
    Tensor sum;
    for_each_tile(rows, [&](const Tensor& tile) {
      const Tensor of_tile = turn(tile);
      sum = sum.defined() ? sum + of_tile : of_tile;
    });
    return sum;
  }

  Tensor mean_, deviation_;
};

/// A fixed part of the rows of each class, and the others.
struct Parts {
  std::vector<std::int64_t> fitted, held_out;
};

/// Holds out a share of each class: one row at least where a class has two, and never all. Which
/// rows depends on their positions and labels alone.
inline Parts hold_out(const Tensor& labels, std::int64_t classes, double share) {
  auto of_class = kith::rows_of_classes(labels, classes);
  kith::shuffle_classes(of_class, 0, "held out");
  Parts parts;
  for (const auto& rows : of_class) {
    const auto n = static_cast<std::int64_t>(rows.size());
    const auto wanted = static_cast<std::int64_t>(std::llround(share * static_cast<double>(n)));
    const auto held = n < 2 ? 0 : std::clamp<std::int64_t>(wanted, 1, n - 1);
    parts.held_out.insert(parts.held_out.end(), rows.begin(), rows.begin() + held);
    parts.fitted.insert(parts.fitted.end(), rows.begin() + held, rows.end());
  }
  // In the bank's order: the features are read from front to back.
  std::sort(parts.held_out.begin(), parts.held_out.end());
  std::sort(parts.fitted.begin(), parts.fitted.end());
  return parts;
}

}  // namespace kith_linear
