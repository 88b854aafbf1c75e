// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "guards/guard.h"

namespace kith::host {

/// In how many dimensions rows divided by their norm differ: (sum of e)^2 / (sum of e^2) over the
/// eigenvalues e of their covariance, in [1, D]; 0 where all are equal. Reads back.
///
/// @param rows  floating-point [N, D], N >= 2.
double effective_dimensions(const at::Tensor& rows);

/// Dimensional collapse: images have different rows, but nearly all along one line. Batch norm
/// behind the projector ends there without a predictor (SimSiam, arXiv 2011.10566, Sec. 4.2), since
/// it keeps each dimension's deviation as it was.
///
/// It looks at the rows that enter a loss, or that heads give where none is called, of a method
/// that needs no labels (rows of two classes lie on a line by right). Told where all of them,
/// predictions and targets, differ in fewer than 1.5 dimensions, and in less than half of those of
/// the first step, from step 200 on for 200 steps.
class DimensionGuard : public Guard {
 public:
  std::vector<std::string> look(const Look& look) override;
  FirstStep* first_step() override { return &first_; }

 private:
  FirstStep first_{"dimensions"};      // effective_dimensions
  std::optional<std::int64_t> since_;  // the first of the looks that found too few
  bool told_ = false;
};

}  // namespace kith::host
