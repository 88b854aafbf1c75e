// SPDX-License-Identifier: Apache-2.0
#include "operators/gathered_rows_dot.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <string>

#include "host/operators/refusal_of.h"
#include "host/tensor/facade.h"
#include "tensor/autocast.h"
#include "tensor/services.h"

namespace kith::host {
namespace {

/// The plain form, which is the reference: a copy of all bank rows, then a batched product.
at::Tensor plain(const at::Tensor& rows, const at::Tensor& bank, const at::Tensor& index) {
  const auto copied = bank.index_select(0, index.flatten())
                          .view({index.size(0), index.size(1), bank.size(1)});  // [N, K, C]
  return copied.bmm(rows.unsqueeze(2)).squeeze(2);
}

struct Result {
  at::Tensor products, gradient;
};

/// Products, and the gradient of their sum times numbers that all differ.
template <class Form>
Result run(Form&& form, const at::Tensor& rows, const at::Tensor& bank, const at::Tensor& index) {
  const auto leaf = rows.detach().clone().requires_grad_(true);
  const auto products = form(leaf, bank, index);
  const auto weights = at::linspace(-1, 2, index.numel(), products.options()).view(index.sizes());
  return {products.detach(), torch::autograd::grad({products}, {leaf}, {weights})[0]};
}

void compare(std::int64_t n, std::int64_t k, std::int64_t bank_rows, std::int64_t width,
             at::ScalarType type) {
  SCOPED_TRACE(testing::Message() << n << " rows, " << k << " places among " << bank_rows
                                  << ", width " << width);
  at::manual_seed(7);
  const auto rows = at::randn({n, width}, type), bank = at::randn({bank_rows, width}, type);
  const auto index = at::randint(bank_rows, {n, k}, at::kLong);
  const auto actual = run(gathered_rows_dot, rows, bank, index),
             expected = run(plain, rows, bank, index);
  EXPECT_EQ(actual.products.sizes(), expected.products.sizes());
  // Sums in another order: of `width` products of numbers of size 1, and of k of those.
  const double allowed = type == at::kDouble ? 1e-12 : 1e-4;
  EXPECT_TRUE(at::allclose(actual.products, expected.products, allowed, allowed));
  EXPECT_TRUE(at::allclose(actual.gradient, expected.gradient, allowed, allowed));
}

TEST(GatheredRowsDotTest, EqualsACopyOfTheBankRowsAndABatchedProduct) {
  for (const auto type : {at::kFloat, at::kDouble}) {
    compare(1, 1, 1, 1, type);
    compare(3, 7, 50, 5, type);         // narrower than a register
    compare(3, 70, 50, 64, type);       // whole blocks of registers
    compare(3, 128, 50, 151, type);     // blocks, whole registers, and a rest
    compare(3, 70, 20000, 32, type);    // several tiles of the bank, most of their rows not wanted
    compare(140, 200, 5000, 71, type);  // and two blocks of rows
    compare(2, 3, 50, 0, type);
    compare(4, 0, 50, 8, type);
    compare(0, 4, 50, 8, type);
  }
}

// By hand.
TEST(GatheredRowsDotTest, MayNameABankRowTwice) {
  const auto bank = at::tensor({1.0F, 2.0F, 30.0F, 40.0F}).view({2, 2});
  const auto row = at::tensor({1.0F, 10.0F}).view({1, 2}).requires_grad_(true);
  const auto products = gathered_rows_dot(row, bank, at::tensor({1, 0, 1}, at::kLong).unsqueeze(0));
  EXPECT_TRUE(at::equal(products, at::tensor({430.0F, 21.0F, 430.0F}).unsqueeze(0)));
  products.sum().backward();
  EXPECT_TRUE(at::equal(row.grad(), at::tensor({61.0F, 82.0F}).unsqueeze(0)));
}

TEST(GatheredRowsDotTest, TakesWhatIsNotContiguous) {
  at::manual_seed(1);
  const auto rows = at::randn({6, 3}, at::kDouble).t(), bank = at::randn({6, 9}, at::kDouble).t();
  const auto index = at::randint(9, {5, 3}, at::kLong).t();
  const auto actual = run(gathered_rows_dot, rows, bank, index),
             expected = run(plain, rows, bank, index);
  EXPECT_TRUE(at::allclose(actual.products, expected.products, 1e-12, 1e-14));
  EXPECT_TRUE(at::allclose(actual.gradient, expected.gradient, 1e-12, 1e-14));
}

TEST(GatheredRowsDotTest, GivesTheSameOnAnyNumberOfThreads) {
  at::manual_seed(3);
  const auto rows = at::randn({30, 16}), bank = at::randn({9000, 16});
  const auto index = at::randint(9000, {30, 200}, at::kLong);
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = run(gathered_rows_dot, rows, bank, index);
  at::set_num_threads(2);
  const auto two = run(gathered_rows_dot, rows, bank, index);
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(one.products, two.products));
  EXPECT_TRUE(at::equal(one.gradient, two.gradient));
}

TEST(GatheredRowsDotTest, TheComposedFormsAreTheSame) {
  at::manual_seed(3);
  const auto rows = at::randn({40, 64}, at::kDouble), bank = at::randn({500, 64}, at::kDouble);
  const auto index = at::randint(500, {40, 9000}, at::kLong);  // 23 million numbers: two blocks
  EXPECT_TRUE(at::allclose(gathered_rows_dot_composed(rows, bank, index),
                           gathered_rows_dot(rows, bank, index), 1e-12, 1e-12));
  const auto weights = at::randn({40, 9000}, at::kDouble);
  const auto leaf = rows.clone().requires_grad_(true);
  const auto gradient =
      torch::autograd::grad({gathered_rows_dot(leaf, bank, index)}, {leaf}, {weights})[0];
  EXPECT_TRUE(
      at::allclose(gathered_rows_sum_composed(weights, bank, index), gradient, 1e-12, 1e-10));
  EXPECT_EQ(gathered_rows_dot_composed(rows.slice(0, 0, 0), bank, index.slice(0, 0, 0)).size(1),
            9000);
}

TEST(GatheredRowsDotTest, RowsAreTakenInTheDtypeOfTheBank) {
  const auto rows = at::full({1, 4}, 0.5, at::kBFloat16).requires_grad_(true);
  const Autocast autocast(at::kCPU, true, at::kBFloat16);
  const auto products =
      gathered_rows_dot(rows, at::full({3, 4}, 1.001F), at::tensor({2, 1}, at::kLong).unsqueeze(0));
  EXPECT_EQ(products.scalar_type(), at::kFloat);
  EXPECT_FLOAT_EQ(products[0][0].item<float>(), 2.002F);
  products.sum().backward();
  EXPECT_EQ(rows.grad().scalar_type(), at::kBFloat16);
}

TEST(GatheredRowsDotTest, ABankThatChangesBeforeTheGradientIsAnError) {
  const auto rows = at::ones({2, 3}).requires_grad_(true), bank = at::ones({4, 3});
  const auto scores = gathered_rows_dot(rows, bank, at::zeros({2, 5}, at::kLong));
  bank.fill_(2);
  EXPECT_NE(refusal_of([&] { scores.sum().backward(); }).find("modified by an inplace operation"),
            std::string::npos);
}

TEST(GatheredRowsDotTest, RefusesWhatDoesNotFit) {
  const auto rows = at::ones({2, 3}), bank = at::ones({4, 3}), index = at::zeros({2, 5}, at::kLong);
  const auto refused = [](const at::Tensor& r, const at::Tensor& b, const at::Tensor& i) {
    return refusal_of([&] { gathered_rows_dot(r, b, i); });
  };
  EXPECT_EQ(refused(rows, at::ones({4, 2}), index),
            "gathered_rows_dot: wanted rows [N, C], bank [R, C] and index [N, K], got [2, 3], "
            "[4, 2] and [2, 5]");
  EXPECT_EQ(refused(rows, bank, index.to(at::kInt)),
            "gathered_rows_dot: index must be int64, got Int");
  EXPECT_EQ(refused(rows, bank.to(at::kLong), index),
            "gathered_rows_dot: rows and bank must be real, got Float and Long");
  EXPECT_EQ(refused(rows, bank.to(at::kHalf), index),
            "gathered_rows_dot: wanted a bank of float32 or float64 on the CPU, got Half");
  EXPECT_EQ(refused(rows, bank, index + 4),
            "gathered_rows_dot: index must be in [0, 4), the bank's rows, got 4");
  EXPECT_EQ(refused(rows, bank, index - 1),
            "gathered_rows_dot: index must be in [0, 4), the bank's rows, got -1");
  EXPECT_EQ(refused(rows, bank.clone().requires_grad_(true), index),
            "gathered_rows_dot: the bank gets no gradient, got one that wants it; detach it");
  const auto leaf = rows.clone().requires_grad_(true);
  const auto products = gathered_rows_dot(leaf, bank, index).sum();
  EXPECT_EQ(refusal_of([&] {
              torch::autograd::grad({products}, {leaf}, {}, true, /*create_graph=*/true);
            }),
            "gathered_rows_dot: has no second derivative; wanted a backward without create_graph");
}

using GatheredRowsDotFacadeTest = test::FacadeTest;

TEST_F(GatheredRowsDotFacadeTest, PluginsCallItByName) {
  EXPECT_TRUE(has_operator("kith::gathered_rows_dot"));
  const auto rows = test::to_facade(at::full({1, 2}, 3.0F)),
             bank = test::to_facade(at::arange(4, at::kFloat).view({2, 2})),
             index = test::to_facade(at::tensor({1, 0}, at::kLong).unsqueeze(0));
  const auto products = kith::call<"kith::gathered_rows_dot">(rows, bank, index);
  EXPECT_EQ(products.data<float>()[0], 15);
  EXPECT_EQ(products.data<float>()[1], 3);
}

}  // namespace
}  // namespace kith::host
