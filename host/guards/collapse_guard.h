// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>

#include "eval/features.h"
#include "guards/guard.h"

namespace kith::host {

/// The standard deviation over the rows, in each dimension, of rows divided by their norm; its mean
/// over the D dimensions, times sqrt(D): about 1 where rows point everywhere, 0 where all point the
/// same way (SimSiam, arXiv 2011.10566, Sec. 4.1). Pooled features behind a ReLU have 0.16 to 0.20
/// untrained and 0.5 to 0.7 trained.
///
/// @param rows  floating-point [N, ...], N >= 2.
double relative_deviation(const at::Tensor& rows);

/// Complete collapse: all images have nearly the same rows.
///
/// It looks at the rows that enter a loss (its inputs of two dimensions with the flags "gradient"
/// and "unit_rows", or "gradient" alone where none has both), for a method that calls no loss at
/// what its heads give, and without a head at the evaluated output for the first view. Told after
/// 200 steps, or at the end of a shorter run, where relative_deviation is below 0.02, or below 0.1
/// and half of what it was after the first step.
class CollapseGuard : public Guard {
 public:
  explicit CollapseGuard(FeatureChoice evaluated) : evaluated_(std::move(evaluated)) {}
  std::vector<std::string> look(const Look& look) override;
  FirstStep* first_step() override { return &first_; }

 private:
  /// Rows by what they are, for a person.
  std::map<std::string, at::Tensor> rows_of(const Look& look) const;
  bool has_collapsed(const std::string& whose, double deviation) const;

  FeatureChoice evaluated_;
  FirstStep first_{"deviation"};  // relative_deviation
  bool told_ = false;
};

}  // namespace kith::host
