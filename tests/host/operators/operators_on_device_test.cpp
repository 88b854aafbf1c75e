// SPDX-License-Identifier: Apache-2.0
//
// The host's operators on another device than the CPU, against their kernels on the CPU.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <functional>
#include <vector>

#include "device.h"
#include "operators/gathered_rows_dot.h"
#include "operators/nearest_rows.h"
#include "operators/softmax_loss.h"
#include "tensor/autocast.h"

namespace kith::host {
namespace {

using Tensors = std::vector<at::Tensor>;
using Operator = std::function<at::Tensor(const Tensors& real, const Tensors& places)>;

class OperatorsOnDeviceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (test::device().is_cpu()) GTEST_SKIP() << "KITH_DEVICE names no other device than the CPU";
    at::manual_seed(7);
  }
};

/// What an operator gives, and the gradients of its weighted sum by its real inputs.
Tensors value_and_gradients(const Operator& work, const Tensors& real, const Tensors& places) {
  Tensors leaves;
  for (const auto& x : real) leaves.push_back(x.detach().clone().requires_grad_(true));
  const auto value = work(leaves, places);
  const auto weights = at::linspace(0.5, 1.5, value.numel(), value.options()).view(value.sizes());
  Tensors out{value.detach()};
  for (auto& gradient : torch::autograd::grad({value}, leaves, {weights}, {}, false, true))
    out.push_back(gradient);
  return out;
}

/// @param allowed  of the largest number of each tensor: sums of so many terms in another order.
void expect_as_on_the_cpu(const Operator& work, const Tensors& real, const Tensors& places,
                          double allowed) {
  const auto moved = [](const Tensors& tensors) {
    Tensors there;
    for (const auto& x : tensors) there.push_back(x.to(test::device()));
    return there;
  };
  const auto expected = value_and_gradients(work, real, places),
             actual = value_and_gradients(work, moved(real), moved(places));
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    ASSERT_EQ(actual[i].defined(), expected[i].defined()) << i;
    if (!actual[i].defined()) continue;
    EXPECT_EQ(actual[i].device().type(), test::device().type()) << i;
    EXPECT_LE((actual[i].cpu() - expected[i]).abs().max().item<double>(),
              allowed * (expected[i].abs().max().item<double>() + 1e-3))
        << (i == 0 ? "the value" : "the gradient of input " + std::to_string(i - 1));
  }
}

at::Tensor unit(std::int64_t rows, at::ScalarType type) {
  const auto x = at::randn({rows, 16}, type);
  return x / x.norm(2, {1}, true);
}

double allowed(at::ScalarType type) { return type == at::kDouble ? 1e-12 : 2e-5; }

TEST_F(OperatorsOnDeviceTest, MaskedSoftmaxLossIsThatOfTheCpu) {
  for (const auto type : {at::kFloat, at::kDouble}) {
    const auto own = at::arange(300), positive = own.roll(150);
    expect_as_on_the_cpu(
        [](auto& x, auto& p) { return masked_softmax_loss(x[0], x[1], p[0], p[1], 0.2); },
        {unit(300, type), unit(900, type)}, {positive, own}, allowed(type));
    expect_as_on_the_cpu(
        [](auto& x, auto& p) { return masked_softmax_loss(x[0], x[0], p[0], {}, 0.2); },
        {unit(300, type)}, {positive}, allowed(type));
  }
}

TEST_F(OperatorsOnDeviceTest, PairedSoftmaxLossIsThatOfTheCpu) {
  for (const auto type : {at::kFloat, at::kDouble})
    expect_as_on_the_cpu([](auto& x, auto&) { return paired_softmax_loss(x[0], x[1], x[2], 0.07); },
                         {unit(64, type), unit(64, type), unit(3000, type)}, {}, allowed(type));
}

TEST_F(OperatorsOnDeviceTest, GatheredRowsDotIsThatOfTheCpu) {
  for (const auto type : {at::kFloat, at::kDouble}) {
    const auto bank = unit(5000, type);
    expect_as_on_the_cpu(
        [&](auto& x, auto& p) { return gathered_rows_dot(x[0], bank.to(x[0].device()), p[0]); },
        {unit(40, type)}, {at::randint(5000, {40, 200}, at::kLong)}, allowed(type));
  }
}

TEST_F(OperatorsOnDeviceTest, NearestRowsAreThoseOfTheCpu) {
  const auto query = unit(70, at::kDouble), bank = unit(5000, at::kDouble);
  const auto [expected, expected_places] = nearest_rows_cpu(query, bank, 20);
  const auto [products, places] =
      nearest_rows_composed(query.to(test::device()), bank.to(test::device()), 20);
  EXPECT_TRUE(at::equal(places.cpu(), expected_places)) << "products in float64 that all differ";
  EXPECT_TRUE(at::allclose(products.cpu(), expected, 1e-12, 1e-13));
}

TEST_F(OperatorsOnDeviceTest, LossesAreComputedInFloat32UnderAutocast) {
  const auto x = unit(64, at::kFloat).to(test::device()), y = unit(64, at::kFloat).to(x.device());
  const auto places = at::arange(64, at::kLong).to(x.device());
  const auto exact = masked_softmax_loss(x, y, places, {}, 0.1),
             paired = paired_softmax_loss(x, y, y, 0.1);
  const Autocast autocast(test::device().type(), true, at::kBFloat16);
  EXPECT_TRUE(at::equal(masked_softmax_loss(x, y, places, {}, 0.1), exact));
  EXPECT_TRUE(at::equal(paired_softmax_loss(x, y, y, 0.1), paired));
}

}  // namespace
}  // namespace kith::host
