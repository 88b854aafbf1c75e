// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <kith/error.hpp>
#include <kith/harness.hpp>

namespace kith {
namespace {

using harness::Batch;
using harness::Compute;
using harness::MethodHarness;
using harness::Settings;

constexpr std::int64_t kClasses = 5;

Settings supervised_stub(std::int64_t features) {
  return {.compute = Compute::kFloat64,
          .channels = features,
          .height = 1,
          .width = 1,
          .classes = kClasses};
}

/// A classifier whose bias is zero, given features of zero: all logits are zero.
harness::StepResult step_on_zeros(const std::string& table) {
  MethodHarness method(table, supervised_stub(3));
  method.set("method.classifier.bias", {{kClasses}, std::vector<double>(kClasses, 0.0)});
  return method.step({.views = {{{4, 3}, std::vector<double>(12, 0.0)}}, .labels = {0, 1, 1, 4}});
}

// By hand: each class has the probability 1/5.
TEST(SupervisedTest, BeginsAtTheLogarithmOfTheClassesOnZeroFeatures) {
  EXPECT_NEAR(step_on_zeros("supervised").loss.number(), std::log(5.0), 1e-12);
  EXPECT_NEAR(step_on_zeros(R"(plugin = "supervised", label_smoothing = 0.1)").loss.number(),
              std::log(5.0), 1e-12);
  EXPECT_DOUBLE_EQ(step_on_zeros("supervised").chance_value.value(), std::log(5.0));
}

// By hand: d loss / d bias = mean over rows of (probability - target).
TEST(SupervisedTest, PullsTheBiasTowardsTheLabelsOfTheBatch) {
  const auto gradient = step_on_zeros("supervised").gradients.at("method.classifier.bias").numbers;
  const double by_hand[] = {0.2 - 0.25, 0.2 - 0.5, 0.2, 0.2, 0.2 - 0.25};
  for (std::size_t c = 0; c < kClasses; ++c)
    EXPECT_NEAR(gradient[c], by_hand[c], 1e-12) << "class " << c;
}

// By hand: with smoothing s the target is 1 - s + s/5 for the label and s/5 for the others.
TEST(SupervisedTest, SmoothsTheTarget) {
  const auto gradient = step_on_zeros(R"(plugin = "supervised", label_smoothing = 0.5)")
                            .gradients.at("method.classifier.bias")
                            .numbers;
  const double by_hand[] = {0.1 - 0.125, 0.1 - 0.25, 0.1, 0.1, 0.1 - 0.125};
  for (std::size_t c = 0; c < kClasses; ++c)
    EXPECT_NEAR(gradient[c], by_hand[c], 1e-12) << "class " << c;
}

TEST(SupervisedTest, RecordsTheShareOfRightAnswers) {
  MethodHarness method("supervised", supervised_stub(kClasses));
  std::vector<double> identity(kClasses * kClasses, 0.0);
  for (std::size_t c = 0; c < kClasses; ++c) identity[c * kClasses + c] = 1;
  method.set("method.classifier.weight", {{kClasses, kClasses}, identity});
  method.set("method.classifier.bias", {{kClasses}, std::vector<double>(kClasses, 0.0)});
  const auto result =
      method.step({.views = {{{kClasses, kClasses}, identity}}, .labels = {0, 1, 2, 0, 0}});
  EXPECT_NEAR(result.metrics.at("accuracy").number(), 0.6, 1e-6);  // 1e-6: float32
}

TEST(SupervisedTest, SaysThatItNeedsLabels) {
  MethodHarness method("supervised", supervised_stub(3));
  EXPECT_THROW(method.step({.views = {{{2, 3}, std::vector<double>(6, 0.0)}}}), DataError);
}

}  // namespace
}  // namespace kith
