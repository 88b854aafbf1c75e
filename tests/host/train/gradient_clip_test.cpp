// SPDX-License-Identifier: Apache-2.0
#include "train/gradient_clip.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace kith::host {
namespace {

at::Tensor with_gradient(at::ArrayRef<double> gradient) {
  at::Tensor parameter = at::zeros({std::int64_t(gradient.size())}, at::kDouble);
  parameter.mutable_grad() = at::tensor(gradient, at::kDouble);
  return parameter;
}

TEST(GradientClipTest, ScalesAllGradientsByOneNumberWhenTheNormIsTooLarge) {
  const at::Tensor a = with_gradient({3, 0}), b = with_gradient({0, 4});
  const at::Tensor norm = clip_gradient_norm({a, b}, 2);
  EXPECT_DOUBLE_EQ(norm.item<double>(), 5);  // 3-4-5
  const double factor = 2 / (5 + 1e-6);
  EXPECT_DOUBLE_EQ(a.grad()[0].item<double>(), 3 * factor);
  EXPECT_EQ(a.grad()[1].item<double>(), 0);
  EXPECT_DOUBLE_EQ(b.grad()[1].item<double>(), 4 * factor);
}

TEST(GradientClipTest, LeavesSmallGradientsAsTheyAreToTheBit) {
  const at::Tensor a = with_gradient({0.3, 0.1});
  const at::Tensor before = a.grad().clone();
  EXPECT_DOUBLE_EQ(clip_gradient_norm({a}, 2).item<double>(), std::sqrt(0.1));
  EXPECT_TRUE(at::equal(a.grad(), before));
}

TEST(GradientClipTest, PassesOverParametersWithoutAGradient) {
  const at::Tensor with = with_gradient({6, 8}), without = at::zeros({3}, at::kDouble);
  EXPECT_DOUBLE_EQ(clip_gradient_norm({without, with}, 1).item<double>(), 10);
  EXPECT_FALSE(without.grad().defined());
  EXPECT_NEAR(with.grad().norm().item<double>(), 1, 1e-6);  // the 1e-6 in the rule
}

TEST(GradientClipTest, TheNormOfNothingIsZero) {
  EXPECT_EQ(clip_gradient_norm({}, 1).item<double>(), 0);
  EXPECT_EQ(clip_gradient_norm({at::zeros({3})}, 1).item<double>(), 0);
}

TEST(GradientClipTest, RecordsNothingForAutograd) {
  at::Tensor a = at::ones({2}, at::kDouble).requires_grad_();
  (a * a).sum().backward();
  EXPECT_FALSE(clip_gradient_norm({a}, 1).requires_grad());
  EXPECT_FALSE(a.grad().requires_grad());
}

TEST(GradientClipTest, RejectsALimitThatIsNotPositive) {
  EXPECT_THROW(clip_gradient_norm({}, 0), c10::Error);
}

}  // namespace
}  // namespace kith::host
