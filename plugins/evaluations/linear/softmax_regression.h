// SPDX-License-Identifier: Apache-2.0
//
// The function that multinomial logistic regression minimises.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <kith/tensor.hpp>
#include <utility>
#include <vector>

#include "lbfgs.h"

namespace kith_linear {

using kith::Tensor;

/// The numbers of a tensor, row by row.
inline Vector to_vector(const Tensor& t) {
  const Tensor numbers = t.to(kith::Dtype::kFloat64).contiguous();
  const auto* first = numbers.data<double>();
  return {first, first + numbers.numel()};
}

/// How the features vary together, which is the shape of the Hessian of logistic regression: where
/// all probabilities are alike, it is a multiple of the covariance for each class.
class Covariance {
 public:
  /// @param features  [N, D], with the bank's mean taken off.
  explicit Covariance(const Tensor& features) {
    if (features.size(1) > kMostColumns) return;
    const Tensor product = features.t().matmul(features).to(kith::Dtype::kFloat64);
    const auto found = kith::call_many<"aten::linalg_eigh">(
        product / static_cast<double>(std::max<std::int64_t>(features.size(0), 1)));
    values_ = found[0].clamp_min(0);  // [D], float64
    vectors_ = found[1];              // [D, D]
  }

  /// Rows times (scale covariance + l2)^-1. @param rows  float64 [n, D]
  Tensor solve(const Tensor& rows, double scale, double l2) const {
    if (!values_.defined()) return rows / (scale + l2);
    return (rows.matmul(vectors_) / (values_ * scale + l2)).matmul(vectors_.t());
  }

 private:
  /// Of more (a flattened map) only the variances are used, which are 1 in standardised features:
  /// the matrix would be larger than the features.
  static constexpr std::int64_t kMostColumns = 4096;
  Tensor values_, vectors_;
};

/// Mean cross-entropy of softmax(W x + b) over N rows, in nats, plus l2 / 2 times the squared norm
/// of W; b is not penalised. A function as `minimise` wants it.
///
/// Parameters are one vector of double: W [classes, D] row by row, then b [classes]. Products with
/// the features are in the features' dtype: in float32 a fit of 60,000 rows takes half the memory
/// traffic of float64, and its rounding, 1e-7 of a logit, is far below what one label more or less
/// changes. Sums over rows, the parameters and what L-BFGS knows are double.
class SoftmaxRegression {
 public:
  /// @param features    float32 or float64 [N, D], N > 0; kept, not copied.
  /// @param labels      int64 [N], in [0, classes).
  /// @param covariance  of these features or of ones like them: it changes how fast the minimum is
  ///                    found, not where it is. Outlives this.
  /// @param start       parameters; classes (D + 1) numbers.
  SoftmaxRegression(Tensor features, const Tensor& labels, std::int64_t classes, double l2,
                    const Covariance& covariance, Vector start)
      : covariance_(covariance),
        features_(std::move(features)),
        own_(labels.unsqueeze(1)),
        classes_(classes),
        width_(features_.size(1)),
        l2_(l2),
        parameters_(std::move(start)) {
    logits_ = logits(parameters_, features_, classes_);
    here_ = logits_;
    const Tensor log_softmax = kith::log_softmax(here_, 1);
    softmax_ = log_softmax.exp();
    value_ = l2_ / 2 * penalised(parameters_, parameters_) - mean(log_softmax.gather(1, own_));
    minus_one_ = -kith::ones_like(softmax_.narrow(1, 0, 1));
    scale_ = std::max(kLeastCurvature, mean(softmax_ * (1.0 - softmax_)));
    set_gradient();
  }

  /// [N, classes], of the features' dtype.
  static Tensor logits(const Vector& parameters, const Tensor& features, std::int64_t classes) {
    const auto width = features.size(1);
    const Tensor all = tensor_of(parameters, {classes * (width + 1)}).to(features.dtype());
    return kith::call<"aten::addmm">(all.narrow(0, classes * width, classes), features,
                                     all.narrow(0, 0, classes * width).view({classes, width}).t());
  }

  const Vector& parameters() const { return parameters_; }
  double value() const { return value_; }
  const Vector& gradient() const { return gradient_; }

  /// The inverse Hessian, if each class had at every row the curvature p (1 - p) that they have on
  /// average where the fit begins.
  Vector precondition(const Vector& v) const {
    const Tensor all = tensor_of(v, {classes_ * (width_ + 1)});
    const Tensor weights = all.narrow(0, 0, classes_ * width_).view({classes_, width_});
    const Tensor biases = all.narrow(0, classes_ * width_, classes_);
    return to_vector(
        kith::cat({covariance_.solve(weights, scale_, l2_).flatten(), biases / scale_}));
  }

  void look_along(const Vector& direction) {
    direction_ = direction;
    change_ = logits(direction, features_, classes_);
    own_change_ = change_.gather(1, own_);  // [N, 1]
    squared_ = penalised(parameters_, parameters_);
    crossed_ = penalised(parameters_, direction_);
    direction_squared_ = penalised(direction_, direction_);
  }

  /// No product with the features: logits are linear in the step.
  LinePoint at(double step) {
    here_ = logits_ + step * change_;
    const Tensor log_softmax = kith::log_softmax(here_, 1);
    softmax_ = log_softmax.exp();
    const double loss = -mean(log_softmax.gather(1, own_));
    const double slope = mean((softmax_ * change_).sum(1, true) - own_change_);
    looked_at_ = {step,
                  loss + l2_ / 2 * (squared_ + step * (2 * crossed_ + step * direction_squared_)),
                  slope + l2_ * (crossed_ + step * direction_squared_)};
    return looked_at_;
  }

  void move(double step) {
    if (step != looked_at_.step) at(step);
    value_ = looked_at_.value;
    for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i] += step * direction_[i];
    logits_ = here_;
    set_gradient();
  }

 private:
  static Tensor tensor_of(const Vector& numbers, std::initializer_list<std::int64_t> sizes) {
    return kith::from_data(numbers.data(), kith::Dtype::kFloat64,
                           kith::Ints(sizes.begin(), sizes.size()));
  }
  static double mean(const Tensor& rows) {
    return *rows.to(kith::Dtype::kFloat64).mean().contiguous().data<double>();
  }
  /// The product of the parts that are weights.
  double penalised(const Vector& a, const Vector& b) const {
    const auto weights = static_cast<std::size_t>(classes_ * width_);
    double sum = 0;
    for (std::size_t i = 0; i < weights; ++i) sum += a[i] * b[i];
    return sum;
  }
  void set_gradient() {
    const auto n = static_cast<double>(features_.size(0));
    const Tensor error =
        kith::call<"aten::scatter_add">(softmax_, 1, own_, minus_one_);  // [N, classes]
    gradient_ = to_vector(error.t().matmul(features_));
    for (std::size_t i = 0; i < gradient_.size(); ++i)
      gradient_[i] = gradient_[i] / n + l2_ * parameters_[i];
    for (const double of_class : to_vector(error.to(kith::Dtype::kFloat64).sum(0)))
      gradient_.push_back(of_class / n);
  }

  static constexpr double kLeastCurvature = 1e-6;

  const Covariance& covariance_;
  Tensor features_, own_, minus_one_;
  std::int64_t classes_, width_;
  double l2_;
  double scale_ = 1, value_ = 0;
  Vector parameters_, gradient_, direction_;
  Tensor logits_;               // [N, classes], where the function stands
  Tensor here_, softmax_;       // [N, classes], where it was looked at last
  Tensor change_, own_change_;  // of the logits with the step: [N, classes], [N, 1]
  double squared_ = 0, crossed_ = 0, direction_squared_ = 0;
  LinePoint looked_at_;
};

}  // namespace kith_linear
