// SPDX-License-Identifier: Apache-2.0
//
// A fit whose penalty is chosen on held-out rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <kith/classification.hpp>
#include <utility>
#include <vector>

#include "lbfgs.h"
#include "rows.h"
#include "softmax_regression.h"

namespace kith_linear {

struct FitSettings {
  std::vector<double> strengths;  ///< of the penalty, from strong to weak
  double held_out_fraction = 0.2;
  LbfgsSettings lbfgs;
};

struct Fit {
  double l2 = 0;
  Vector parameters;  ///< as of SoftmaxRegression
};

/// Fits rows and chooses the strength of the penalty on some of them. What it refers to outlives
/// it.
class Fitter {
 public:
  Fitter(const FitSettings& settings, std::int64_t classes, const Covariance& covariance)
      : settings_(settings), classes_(classes), covariance_(covariance) {}

  /// Chooses, then fits all rows with the choice.
  ///
  /// @param val_rows  how many of the last rows choose; 0: a part of each class is held out.
  Fit fit(const Rows& rows, std::int64_t val_rows) const {
    const auto& strengths = settings_.strengths;
    Fit best{0, {}};
    if (strengths.size() > 1 && val_rows > 0 && val_rows < rows.size()) {
      best =
          choose(rows.part(0, rows.size() - val_rows), rows.part(rows.size() - val_rows, val_rows));
    } else if (strengths.size() > 1) {
      const auto parts = hold_out(rows.labels, classes_, settings_.held_out_fraction);
      // One row a class leaves none to choose on.
      if (!parts.held_out.empty()) best = choose(rows.at(parts.fitted), rows.at(parts.held_out));
    }
    if (best.parameters.empty()) best = beginning(rows, strengths[strengths.size() / 2]);
    return minimum(rows, std::move(best));
  }

  Tensor logits(const Fit& fit, const Tensor& features) const {
    return SoftmaxRegression::logits(fit.parameters, features, classes_);
  }

 private:
  Fit beginning(const Rows& rows, double l2) const {
    const auto count = classes_ * (rows.features.size(1) + 1);
    return {l2, Vector(static_cast<std::size_t>(count), 0.0)};
  }

  /// Fits with one strength after the other and keeps the one with the most held-out rows right; of
  /// equal ones that with the lowest cross-entropy there, then the stronger. It ends after two in a
  /// row that are no better: weaker ones fit the other rows closer still, and take the longest.
  Fit choose(const Rows& fitted, const Rows& held_out) const {
    Fit best{0, {}}, current = beginning(fitted, 0);
    std::pair<double, double> best_score;
    int no_better = 0;
    for (const double l2 : settings_.strengths) {
      // From where the stronger one ended, which is near.
      current = minimum(fitted, {l2, std::move(current.parameters)});
      const Tensor scores = logits(current, held_out.features);
      const Tensor loss = kith::cross_entropy(scores.to(kith::Dtype::kFloat64), held_out.labels);
      const std::pair score{kith::share_in_top(scores, held_out.labels, 1),
                            -*loss.contiguous().data<double>()};
      if (best.parameters.empty() || score > best_score) {
        best = current;
        best_score = score;
        no_better = 0;
      } else if (++no_better == 2) {
        break;
      }
    }
    return best;
  }

  /// The minimum for a strength, from where the parameters are.
  Fit minimum(const Rows& rows, Fit from) const {
    SoftmaxRegression f(rows.features, rows.labels, classes_, from.l2, covariance_,
                        std::move(from.parameters));
    auto settings = settings_.lbfgs;
    settings.precision = rows.features.dtype() == kith::Dtype::kFloat64 ? 1e-15 : 1e-8;
    minimise(f, settings);
    return {from.l2, f.parameters()};
  }

  const FitSettings& settings_;
  std::int64_t classes_;
  const Covariance& covariance_;
};

}  // namespace kith_linear
