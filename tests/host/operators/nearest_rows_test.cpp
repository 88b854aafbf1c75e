// SPDX-License-Identifier: Apache-2.0
#include "operators/nearest_rows.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <limits>

#include "host/tensor/facade.h"
#include "tensor/services.h"

namespace kith::host {
namespace {

/// Both forms on N queries and M bank rows; the plain one is the reference.
void compare(std::int64_t n, std::int64_t m, std::int64_t k, at::ScalarType type) {
  SCOPED_TRACE(testing::Message() << n << " queries, " << m << " rows, k " << k);
  at::manual_seed(7);
  const auto query = at::randn({n, 5}, type), bank = at::randn({m, 5}, type);
  const auto [products, places] = nearest_rows_cpu(query, bank, k);
  const auto [expected, expected_places] = query.matmul(bank.t()).topk(k);
  EXPECT_EQ(products.sizes(), expected.sizes());
  EXPECT_EQ(places.scalar_type(), at::kLong);
  // A tile's matmul may add in another order than the whole one's: 1 ulp or two of sums of 5.
  EXPECT_TRUE(at::allclose(products, expected, 1e-5, type == at::kDouble ? 1e-14 : 1e-5));
  if (type == at::kDouble) {
    EXPECT_TRUE(at::equal(places, expected_places));
  }
}

TEST(NearestRowsTest, EqualsMatmulAndTopk) {
  for (const auto type : {at::kFloat, at::kDouble}) {
    compare(1, 1, 1, type);
    compare(3, 40, 20, type);
    compare(130, 5000, 20, type);  // several tiles of both, the last ones short
    compare(64, 2048, 1, type);    // whole tiles
    compare(65, 2049, 2049, type);
    compare(0, 7, 3, type);
  }
}

TEST(NearestRowsTest, EqualProductsComeInTheOrderOfTheBank) {
  const auto query = at::ones({1, 1}), bank = at::ones({6000, 1});
  bank[5][0] = 2;
  bank[4100][0] = 2;
  const auto [products, places] = nearest_rows_cpu(query, bank, 5);
  EXPECT_TRUE(at::equal(places, at::tensor({5, 4100, 0, 1, 2}, at::kLong).unsqueeze(0)));
  EXPECT_TRUE(at::equal(products, at::tensor({2.0F, 2.0F, 1.0F, 1.0F, 1.0F}).unsqueeze(0)));
}

TEST(NearestRowsTest, WhatIsNotANumberIsTheSmallest) {
  const auto bank = at::tensor({std::numeric_limits<float>::quiet_NaN(), 3.0F, -1.0F}).view({3, 1});
  for (const auto& [products, places] : {nearest_rows_cpu(at::ones({1, 1}), bank, 2),
                                         nearest_rows_composed(at::ones({1, 1}), bank, 2)})
    EXPECT_TRUE(at::equal(places, at::tensor({1, 2}, at::kLong).unsqueeze(0)));
}

TEST(NearestRowsTest, GivesTheSameOnAnyNumberOfThreads) {
  at::manual_seed(3);
  const auto query = at::randn({300, 16}), bank = at::randn({5000, 16});
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = nearest_rows_cpu(query, bank, 20);
  at::set_num_threads(2);
  const auto two = nearest_rows_cpu(query, bank, 20);
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(std::get<0>(one), std::get<0>(two)));
  EXPECT_TRUE(at::equal(std::get<1>(one), std::get<1>(two)));
}

TEST(NearestRowsTest, TheComposedFormIsTheSame) {
  at::manual_seed(3);
  const auto query = at::randn({1100, 4}, at::kDouble), bank = at::randn({50, 4}, at::kDouble);
  const auto [products, places] = nearest_rows_composed(query, bank, 7);
  const auto [own, own_places] = nearest_rows_cpu(query, bank, 7);
  EXPECT_TRUE(at::equal(places, own_places));
  EXPECT_TRUE(at::allclose(products, own, 1e-12, 1e-14));
  EXPECT_EQ(std::get<0>(nearest_rows_composed(at::empty({0, 4}), at::ones({3, 4}), 2)).size(0), 0);
}

std::string refusal(const at::Tensor& query, const at::Tensor& bank, std::int64_t k) {
  try {
    nearest_rows_cpu(query, bank, k);
  } catch (const c10::Error& e) {
    return e.what_without_backtrace();
  }
  return "";
}

TEST(NearestRowsTest, RefusesWhatDoesNotFit) {
  EXPECT_EQ(refusal(at::ones({2, 3}), at::ones({4, 5}), 1),
            "nearest_rows: wanted query [N, D] and bank [M, D], got [2, 3] and [4, 5]");
  EXPECT_EQ(refusal(at::ones({2, 3}), at::ones({4, 3}), 5),
            "nearest_rows: k must be in [1, 4], the bank's rows, got 5");
  EXPECT_EQ(refusal(at::ones({2, 3}), at::ones({4, 3}, at::kDouble), 1),
            "nearest_rows: query and bank must have one dtype, got Float and Double");
  EXPECT_EQ(refusal(at::ones({2, 3}, at::kHalf), at::ones({4, 3}, at::kHalf), 1),
            "nearest_rows: wanted float32 or float64 on the CPU, got Half");
}

using NearestRowsFacadeTest = test::FacadeTest;

TEST_F(NearestRowsFacadeTest, PluginsCallItByName) {
  EXPECT_TRUE(has_operator("kith::nearest_rows"));
  EXPECT_FALSE(has_operator("kith::nearest_row"));
  const auto query = test::to_facade(at::ones({1, 1})),
             bank = test::to_facade(at::arange(4, at::kFloat).view({4, 1}));
  const auto found = kith::call_many<"kith::nearest_rows">(query, bank, 2);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].data<std::int64_t>()[0], 3);
  EXPECT_EQ(found[0].data<float>()[1], 2);
}

}  // namespace
}  // namespace kith::host
