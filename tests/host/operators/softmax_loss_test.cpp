// SPDX-License-Identifier: Apache-2.0
#include "operators/softmax_loss.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/operators/refusal_of.h"
#include "host/tensor/facade.h"
#include "tensor/autocast.h"
#include "tensor/services.h"

namespace kith::host {
namespace {

using Loss = std::function<at::Tensor(const std::vector<at::Tensor>&)>;
using Tensors = std::vector<at::Tensor>;

// The plain forms, which are the reference: all scores at once, and LibTorch's own gradient.
at::Tensor plain_masked(const at::Tensor& rows, const at::Tensor& candidates,
                        const at::Tensor& positive, const at::Tensor& excluded,
                        double temperature) {
  auto scores = rows.matmul(candidates.t()) / temperature;
  if (excluded.defined())
    scores = scores.masked_fill(
        excluded.unsqueeze(1) == at::arange(candidates.size(0), positive.options()), -1e9);
  return at::cross_entropy_loss(scores, positive);
}
at::Tensor plain_paired(const at::Tensor& rows, const at::Tensor& positives,
                        const at::Tensor& negatives, double temperature) {
  const auto scores =
      at::cat({rows.mul(positives).sum(1, true), rows.matmul(negatives.t())}, 1) / temperature;
  return at::cross_entropy_loss(scores, at::zeros({rows.size(0)}, at::kLong));
}

/// A loss and its gradients by the inputs.
Tensors value_and_gradients(const Loss& loss, const Tensors& inputs) {
  Tensors leaves;
  for (const auto& x : inputs) leaves.push_back(x.detach().clone().requires_grad_(true));
  const auto value = loss(leaves);
  value.backward();
  Tensors out{value.detach()};
  for (const auto& leaf : leaves) out.push_back(leaf.grad());
  return out;
}

/// Float64: rounding alone. Float32: sums of up to 5,000 terms in another order, against the
/// largest number of each tensor.
void expect_same(const Loss& loss, const Loss& plain, const Tensors& inputs) {
  const auto actual = value_and_gradients(loss, inputs),
             expected = value_and_gradients(plain, inputs);
  const double allowed = inputs[0].scalar_type() == at::kDouble ? 1e-13 : 1e-5;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    EXPECT_EQ(actual[i].sizes(), expected[i].sizes());
    EXPECT_EQ(actual[i].scalar_type(), expected[i].scalar_type());
    EXPECT_LE((actual[i] - expected[i]).abs().max().item<double>(),
              allowed * (expected[i].abs().max().item<double>() + 1e-3))
        << (i == 0 ? "the loss" : "the gradient of input " + std::to_string(i - 1));
  }
}

at::Tensor unit(std::int64_t rows, std::int64_t width, at::ScalarType type) {
  const auto x = at::randn({rows, width}, type);
  return x / x.norm(2, {1}, true);
}

void compare_masked(std::int64_t n, std::int64_t m, bool hides, at::ScalarType type) {
  SCOPED_TRACE(testing::Message() << n << " rows, " << m << " candidates, " << type);
  at::manual_seed(7);
  const auto excluded = hides ? at::randint(m, {n}, at::kLong) : at::Tensor();
  const auto step = at::randint(1, std::max<std::int64_t>(m, 2), {n}, at::kLong);
  const auto positive = hides ? (excluded + step) % m : step % m;
  expect_same([&](auto& x) { return masked_softmax_loss(x[0], x[1], positive, excluded, 0.2); },
              [&](auto& x) { return plain_masked(x[0], x[1], positive, excluded, 0.2); },
              {unit(n, 5, type), unit(m, 5, type)});
}

TEST(MaskedSoftmaxLossTest, EqualsThePlainForm) {
  for (const auto type : {at::kFloat, at::kDouble}) {
    compare_masked(1, 1, false, type);
    compare_masked(1, 2, true, type);
    compare_masked(7, 3, true, type);
    compare_masked(600, 40, true, type);    // several tiles, the last one short
    compare_masked(300, 5000, true, type);  // tiles of fewer rows
    compare_masked(300, 5000, false, type);
  }
}

TEST(MaskedSoftmaxLossTest, RowsMayBeTheirOwnCandidates) {
  at::manual_seed(2);
  for (const std::int64_t n : {10, 600}) {  // one tile, several
    const auto own = at::arange(n), positive = own.roll(n / 2);
    expect_same([&](auto& x) { return masked_softmax_loss(x[0], x[0], positive, own, 0.5); },
                [&](auto& x) { return plain_masked(x[0], x[0], positive, own, 0.5); },
                {unit(n, 4, at::kDouble)});
  }
}

TEST(MaskedSoftmaxLossTest, TakesRowsThatAreNotContiguous) {
  at::manual_seed(2);
  const auto positive = at::arange(6).flip(0);
  expect_same(
      [&](auto& x) {
        return masked_softmax_loss(x[0].t(), x[1].slice(0, 0, 12, 2), positive, {}, 1);
      },
      [&](auto& x) { return plain_masked(x[0].t(), x[1].slice(0, 0, 12, 2), positive, {}, 1); },
      {at::randn({4, 6}, at::kDouble), at::randn({12, 4}, at::kDouble)});
}

// By hand: scores 1 and -1 at a temperature of 1, the first is the positive.
TEST(MaskedSoftmaxLossTest, IsTheMeanCrossEntropyInNats) {
  const auto x = at::tensor({1.0, 0.0}, at::kDouble).view({1, 2});
  const auto loss = masked_softmax_loss(x, at::cat({x, -x}), at::zeros({1}, at::kLong), {}, 1);
  EXPECT_EQ(loss.dim(), 0);
  EXPECT_NEAR(loss.item<double>(), std::log1p(std::exp(-2.0)), 1e-15);
}

// By hand: the excluded score is 1e8 and would be all of the sum; the others are equal.
TEST(MaskedSoftmaxLossTest, AnExcludedCandidateCountsForNothing) {
  const auto x = at::ones({1, 1}, at::kFloat).requires_grad_(true);
  const auto candidates = at::tensor({1e8F, 1.0F, 1.0F}).view({3, 1}).requires_grad_(true);
  const auto loss = masked_softmax_loss(x, candidates, at::tensor({1}, at::kLong),
                                        at::tensor({0}, at::kLong), 1.0);
  loss.backward();
  EXPECT_NEAR(loss.item<double>(), std::log(2.0), 1e-7);
  EXPECT_TRUE(at::allclose(candidates.grad(), at::tensor({0.0F, -0.5F, 0.5F}).view({3, 1})));
}

TEST(MaskedSoftmaxLossTest, StaysFiniteWhereScoresAreLarge) {
  at::manual_seed(1);
  const auto x = unit(20, 4, at::kFloat).requires_grad_(true);
  const auto loss =
      masked_softmax_loss(x, x, at::arange(20).roll(10), at::arange(20), /*temperature=*/1e-4);
  loss.backward();
  EXPECT_TRUE(std::isfinite(loss.item<double>()));
  EXPECT_TRUE(at::isfinite(x.grad()).all().item<bool>());
}

TEST(MaskedSoftmaxLossTest, RecordsNothingWhereNothingWantsAGradient) {
  const auto x = at::ones({2, 2}), positive = at::zeros({2}, at::kLong);
  EXPECT_FALSE(masked_softmax_loss(x, x, positive, {}, 1).requires_grad());
  const auto candidates = at::ones({2, 2}).requires_grad_(true);
  const at::NoGradGuard no_grad;
  EXPECT_FALSE(masked_softmax_loss(x, candidates, positive, {}, 1).requires_grad());
}

TEST(MaskedSoftmaxLossTest, TheGradientIsScaledByWhatComesAfterAndMayBeAskedForAgain) {
  at::manual_seed(4);
  const auto positive = at::arange(3);
  const auto x = at::randn({3, 2}, at::kDouble).requires_grad_(true);
  const auto loss = masked_softmax_loss(x, x.detach(), positive, {}, 1);
  const auto once = torch::autograd::grad({loss}, {x}, {}, /*retain_graph=*/true)[0];
  const auto thrice = torch::autograd::grad({loss * 3}, {x})[0];
  EXPECT_TRUE(at::allclose(thrice, once * 3));
}

TEST(MaskedSoftmaxLossTest, LowPrecisionIsComputedInFloat32) {
  at::manual_seed(4);
  const auto x = unit(6, 8, at::kFloat).to(at::kBFloat16), y = unit(9, 8, at::kFloat);
  const auto positive = at::arange(6);
  const auto expected = plain_masked(x.to(at::kFloat), y, positive, {}, 0.1);
  const auto leaf = x.clone().requires_grad_(true);
  for (const bool automatic : {false, true}) {
    const Autocast autocast(at::kCPU, automatic, at::kBFloat16);
    const auto loss = masked_softmax_loss(leaf, y, positive, {}, 0.1);
    EXPECT_EQ(loss.scalar_type(), at::kFloat);
    EXPECT_NEAR(loss.item<double>(), expected.item<double>(), 1e-5);
    EXPECT_EQ(torch::autograd::grad({loss}, {leaf})[0].scalar_type(), at::kBFloat16);
  }
}

TEST(MaskedSoftmaxLossTest, GivesNearlyTheSameOnAnyNumberOfThreads) {
  at::manual_seed(3);
  const Tensors inputs{unit(300, 16, at::kDouble), unit(5000, 16, at::kDouble)};
  const auto positive = at::randint(5000, {300}, at::kLong);
  const Loss loss = [&](auto& x) { return masked_softmax_loss(x[0], x[1], positive, {}, 0.1); };
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = value_and_gradients(loss, inputs);
  at::set_num_threads(2);
  const auto two = value_and_gradients(loss, inputs);
  at::set_num_threads(before);
  for (std::size_t i = 0; i < one.size(); ++i)
    EXPECT_TRUE(at::allclose(one[i], two[i], 1e-12, 1e-15));
}

void compare_paired(std::int64_t n, std::int64_t m, at::ScalarType type) {
  SCOPED_TRACE(testing::Message() << n << " rows, " << m << " negatives, " << type);
  at::manual_seed(7);
  expect_same([&](auto& x) { return paired_softmax_loss(x[0], x[1], x[2], 0.2); },
              [&](auto& x) { return plain_paired(x[0], x[1], x[2], 0.2); },
              {unit(n, 5, type), unit(n, 5, type), unit(m, 5, type)});
}

TEST(PairedSoftmaxLossTest, EqualsThePlainForm) {
  for (const auto type : {at::kFloat, at::kDouble}) {
    compare_paired(1, 1, type);
    compare_paired(600, 3, type);
    compare_paired(300, 5000, type);
  }
}

TEST(PairedSoftmaxLossTest, StaysFiniteWhereThePositiveIsFarTheGreatest) {
  const auto x = at::ones({1, 1}).requires_grad_(true);
  const auto loss = paired_softmax_loss(x, at::full({1, 1}, 1e4F), at::zeros({3, 1}), 1);
  loss.backward();
  EXPECT_EQ(loss.item<double>(), 0);
  EXPECT_EQ(x.grad().item<double>(), 0);
}

TEST(PairedSoftmaxLossTest, OnlyTheRowsNeedAGradient) {
  at::manual_seed(2);
  const auto key = unit(8, 4, at::kDouble), queue = unit(30, 4, at::kDouble);
  expect_same([&](auto& x) { return paired_softmax_loss(x[0], key, queue, 0.07); },
              [&](auto& x) { return plain_paired(x[0], key, queue, 0.07); },
              {unit(8, 4, at::kDouble)});
}

TEST(SoftmaxLossTest, TheComposedFormsAreTheSame) {
  at::manual_seed(5);
  const auto own = at::arange(12), positive = own.roll(6);
  const auto x = unit(12, 4, at::kDouble), y = unit(12, 4, at::kDouble);
  expect_same([&](auto& z) { return masked_softmax_loss(z[0], z[1], positive, own, 0.3); },
              [&](auto& z) { return masked_softmax_loss_composed(z[0], z[1], positive, own, 0.3); },
              {x, y});
  expect_same([&](auto& z) { return paired_softmax_loss(z[0], z[1], z[2], 0.3); },
              [&](auto& z) { return paired_softmax_loss_composed(z[0], z[1], z[2], 0.3); },
              {x, y, unit(20, 4, at::kDouble)});
}

TEST(SoftmaxLossTest, RefusesASecondDerivative) {
  const auto x = at::ones({2, 2}).requires_grad_(true);
  const auto loss = masked_softmax_loss(x, at::ones({2, 2}), at::zeros({2}, at::kLong), {}, 1);
  EXPECT_EQ(
      refusal_of([&] { torch::autograd::grad({loss}, {x}, {}, true, /*create_graph=*/true); }),
      "masked_softmax_loss: has no second derivative on the CPU, its gradient is found in "
      "the forward pass; wanted a backward without create_graph");
}

TEST(SoftmaxLossTest, RefusesWhatDoesNotFit) {
  const auto x = at::ones({2, 3}), places = at::tensor({0, 1}, at::kLong);
  const auto masked = [](const at::Tensor& rows, const at::Tensor& candidates,
                         const at::Tensor& positive, const std::optional<at::Tensor>& excluded,
                         double temperature) {
    return refusal_of(
        [&] { masked_softmax_loss(rows, candidates, positive, excluded, temperature); });
  };
  EXPECT_EQ(masked(x, at::ones({2, 4}), places, {}, 1),
            "masked_softmax_loss: wanted rows [N, C] and candidates [M, C] with N and M of at "
            "least 1, got [2, 3] and [2, 4]");
  EXPECT_EQ(masked(x.slice(0, 0, 0), x, places, {}, 1),
            "masked_softmax_loss: wanted rows [N, C] and candidates [M, C] with N and M of at "
            "least 1, got [0, 3] and [2, 3]");
  EXPECT_EQ(masked(x, x, places, {}, 0), "masked_softmax_loss: temperature must be > 0, got 0");
  EXPECT_EQ(masked(x, x.to(at::kDouble), places, {}, 1),
            "masked_softmax_loss: float64 goes with float64 only, got Float and Double");
  EXPECT_EQ(masked(x, x.to(at::kLong), places, {}, 1),
            "masked_softmax_loss: wanted real numbers, got Long");
  EXPECT_EQ(masked(x, x, places.to(at::kInt), {}, 1),
            "masked_softmax_loss: positive must be int64 [2] on cpu, got Int [2] on cpu");
  EXPECT_EQ(masked(x, x, places + 1, {}, 1),
            "masked_softmax_loss: positive must be in [0, 2), places among the candidates, got 2");
  EXPECT_EQ(masked(x, x, places, places - 1, 1),
            "masked_softmax_loss: excluded must be in [0, 2), places among the candidates, got -1");
  EXPECT_EQ(masked(x, x, places, places, 1),
            "masked_softmax_loss: the positive of a row must not be excluded");
  EXPECT_EQ(refusal_of([&] { paired_softmax_loss(x, at::ones({1, 3}), x, 1); }),
            "paired_softmax_loss: wanted rows [N, C], positives [N, C] and negatives [M, C] with N "
            "and M of at least 1, got [2, 3], [1, 3] and [2, 3]");
}

using SoftmaxLossFacadeTest = test::FacadeTest;

TEST_F(SoftmaxLossFacadeTest, PluginsCallThemByName) {
  EXPECT_TRUE(has_operator("kith::masked_softmax_loss"));
  EXPECT_TRUE(has_operator("kith::paired_softmax_loss"));
  const auto leaf = at::ones({2, 2}).requires_grad_(true);
  const auto x = test::to_facade(leaf), candidates = test::to_facade(at::ones({3, 2})),
             positive = test::to_facade(at::zeros({2}, at::kLong)),
             excluded = test::to_facade(at::ones({2}, at::kLong));
  EXPECT_FLOAT_EQ(
      kith::call<"kith::masked_softmax_loss">(x, candidates, positive, std::nullopt, 0.5)
          .data<float>()[0],
      std::log(3.0F));
  EXPECT_FLOAT_EQ(kith::call<"kith::masked_softmax_loss">(x, candidates, positive, excluded, 0.5)
                      .data<float>()[0],
                  std::log(2.0F));
  const auto loss = kith::call<"kith::paired_softmax_loss">(x, x, candidates, 0.5);
  EXPECT_TRUE(loss.requires_grad());
  EXPECT_FLOAT_EQ(loss.data<float>()[0], std::log(4.0F));
}

}  // namespace
}  // namespace kith::host
