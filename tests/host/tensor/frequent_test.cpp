// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "host/tensor/facade.h"

namespace kith::host::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

using FrequentTest = FacadeTest;

TEST_F(FrequentTest, BinaryOperatorsEqualLibTorch) {
  const auto a = at::randn({3, 3}), b = at::randn({3, 3});
  const auto x = to_facade(a), y = to_facade(b);
  EXPECT_TRUE(same(x + y, a + b));
  EXPECT_TRUE(same(x - y, a - b));
  EXPECT_TRUE(same(x * y, a * b));
  EXPECT_TRUE(same(x / y, a / b));
  EXPECT_TRUE(same(x.matmul(y), a.matmul(b)));
  EXPECT_TRUE(same(kith::maximum(x, y), at::maximum(a, b)));
  EXPECT_TRUE(same(kith::minimum(x, y), at::minimum(a, b)));
  EXPECT_TRUE(same(x == x, a == a));
  EXPECT_TRUE(same(x != y, a != b));
  EXPECT_TRUE(same(x < y, a < b));
  EXPECT_TRUE(same(x <= y, a <= b));
  EXPECT_TRUE(same(x > y, a > b));
  EXPECT_TRUE(same(x >= y, a >= b));
  EXPECT_TRUE(same(kith::Tensor::binary(KITH_NE, x, y), a != b));
  EXPECT_TRUE(same(kith::Tensor::binary(KITH_LE, x, y), a <= b));
  EXPECT_TRUE(same(kith::Tensor::binary(KITH_GE, x, y), a >= b));
}

TEST_F(FrequentTest, UnaryOperatorsEqualLibTorch) {
  const auto a = at::rand({3, 4}) + 0.1;
  const auto x = to_facade(a);
  const std::pair<kith::Tensor, at::Tensor> pairs[] = {{-x, -a},
                                                       {x.exp(), a.exp()},
                                                       {x.log(), a.log()},
                                                       {x.sqrt(), a.sqrt()},
                                                       {x.relu(), a.relu()},
                                                       {x.sum(), a.sum()},
                                                       {x.mean(), a.mean()},
                                                       {x.t(), a.t()},
                                                       {x.detach(), a.detach()},
                                                       {x.abs(), a.abs()},
                                                       {x.square(), a.square()},
                                                       {x.tanh(), a.tanh()},
                                                       {x.sigmoid(), a.sigmoid()},
                                                       {x.t().contiguous(), a.t().contiguous()},
                                                       {x.clone(), a.clone()},
                                                       {x.rsqrt(), a.rsqrt()},
                                                       {x.unary(KITH_RECIPROCAL), a.reciprocal()}};
  for (std::size_t i = 0; i < std::size(pairs); ++i)
    EXPECT_TRUE(same(pairs[i].first, pairs[i].second)) << "unary " << i;
}

TEST_F(FrequentTest, NumbersOnEitherSideEqualLibTorch) {
  const auto a = at::rand({4}) + 0.5;
  const auto x = to_facade(a);
  EXPECT_TRUE(same(x + 2.5, a + 2.5));
  EXPECT_TRUE(same(2.5 + x, a + 2.5));
  EXPECT_TRUE(same(x - 2.5, a - 2.5));
  EXPECT_TRUE(same(x * 3, a * 3));
  EXPECT_TRUE(same(x / 3, a / 3));
  EXPECT_TRUE(same(x > 1, a > 1));
  EXPECT_TRUE(same(x < 1.0, a < 1.0));
  EXPECT_TRUE(same(x <= 1.0, a <= 1.0));
  EXPECT_TRUE(same(x >= 1.0, a >= 1.0));
  EXPECT_TRUE(same(x != 1.0, a != 1.0));
  EXPECT_TRUE(at::allclose(to_host(2.5 - x), 2.5 - a));
  EXPECT_TRUE(at::allclose(to_host(2.5 / x), 2.5 / a));
}

TEST_F(FrequentTest, AWholeNumberKeepsTheDtypeOfWholeNumbers) {
  const auto whole = at::arange(4, at::kLong);
  const auto x = to_facade(whole);
  EXPECT_EQ((x + 1).dtype(), kith::Dtype::kInt64);
  EXPECT_TRUE(same(x * 3, whole * 3));
  EXPECT_EQ((x + 1.0).dtype(), kith::Dtype::kFloat32);
  EXPECT_EQ((5 - x).dtype(), kith::Dtype::kInt64);
  const auto half = to_facade(at::ones({2}, at::kHalf));
  EXPECT_EQ((half * 2.5).dtype(), kith::Dtype::kFloat16) << "a number does not widen";
}

TEST_F(FrequentTest, MethodsEqualLibTorch) {
  const auto a = at::randn({2, 3, 4});
  const auto x = to_facade(a);
  EXPECT_TRUE(same(x.sum(1), a.sum(1)));
  EXPECT_TRUE(same(x.mean(-1, true), a.mean(-1, true)));
  EXPECT_TRUE(same(x.logsumexp(2), a.logsumexp(2)));
  EXPECT_TRUE(same(x.view({6, 4}), a.view({6, 4})));
  EXPECT_TRUE(same(x.reshape({4, -1}), a.reshape({4, -1})));
  EXPECT_TRUE(same(x.flatten(1), a.flatten(1)));
  EXPECT_TRUE(same(x.transpose(0, 2), a.transpose(0, 2)));
  EXPECT_TRUE(same(x.unsqueeze(1).squeeze(1), a));
  EXPECT_TRUE(same(x.narrow(2, 1, 2), a.narrow(2, 1, 2)));
  EXPECT_TRUE(same(x.select(1, 2), a.select(1, 2)));
  const auto index = at::tensor({1, 0, 1}, at::kLong);
  EXPECT_TRUE(same(x.index_select(0, to_facade(index)), a.index_select(0, index)));
  const auto where = at::zeros({2, 3, 1}, at::kLong);
  EXPECT_TRUE(same(x.gather(2, to_facade(where)), a.gather(2, where)));
  EXPECT_TRUE(same(x.select(0, 0).diagonal(), a[0].diagonal()));
  EXPECT_TRUE(same(x.masked_fill(x > 0, -1), a.masked_fill(a > 0, -1)));
  EXPECT_TRUE(same(x.clamp_min(0.1).clamp_max(0.5), a.clamp_min(0.1).clamp_max(0.5)));
  EXPECT_TRUE(same(x.pow(2.0), a.pow(2.0)));
  EXPECT_TRUE(same(x.to(kith::Dtype::kFloat64), a.to(at::kDouble)));
  EXPECT_TRUE(same(kith::softmax(x, 1), a.softmax(1)));
  EXPECT_TRUE(same(kith::log_softmax(x, 1), a.log_softmax(1)));
  EXPECT_TRUE(same(kith::where(x > 0, x, x * 0.5), at::where(a > 0, a, a * 0.5)));
  EXPECT_TRUE(same(kith::arange_like(x, 5), at::arange(5, at::kLong)));
  EXPECT_TRUE(same(kith::eye_mask_like(x, 3), at::eye(3, at::kBool)));
  EXPECT_TRUE(same(kith::new_zeros(x, {2, 1}), at::zeros({2, 1})));
  // PyTorch's normalise: each row by its norm, at least eps; a row of zeros stays one.
  const auto rows = at::cat({at::randn({2, 5}), at::zeros({1, 5})});
  const auto expected = rows / rows.norm(2, {1}, true).clamp_min(1e-12);
  EXPECT_TRUE(at::allclose(to_host(kith::normalize(to_facade(rows))), expected, 1e-6, 0));
}

TEST_F(FrequentTest, InPlaceOperationsWriteIntoTheSameTensor) {
  const auto a = at::zeros({4, 2});
  auto x = to_facade(a);
  x.index_copy_(0, to_facade(at::tensor({3, 1}, at::kLong)), to_facade(at::ones({2, 2})));
  x.add_(to_facade(at::ones({4, 2})), 0.5).mul_(2);
  EXPECT_TRUE(at::equal(a.select(1, 0), at::tensor({1.F, 3.F, 1.F, 3.F})));
  x.copy_(to_facade(at::full({4, 2}, 7.0)));
  EXPECT_TRUE(at::equal(a, at::full({4, 2}, 7.F)));
}

TEST_F(FrequentTest, ErrorsNameTheOperatorAndBothShapes) {
  const auto x = to_facade(at::ones({3, 4})), y = to_facade(at::ones({5, 4}));
  EXPECT_THAT(error_of<kith::ShapeError>([&] { x + y; }),
              AllOf(HasSubstr("aten::add: "), HasSubstr("(self [3, 4], other [5, 4])")));
  EXPECT_THAT(error_of<kith::ShapeError>([&] { x.matmul(y); }),
              AllOf(HasSubstr("aten::matmul: "), HasSubstr("(self [3, 4], other [5, 4])")));
  EXPECT_THAT(error_of<kith::ShapeError>([&] { to_facade(at::ones({1, 2, 3})).t(); }),
              AllOf(HasSubstr("aten::t: "), HasSubstr("(self [1, 2, 3])")));
  EXPECT_THAT(error_of<kith::ShapeError>([&] { x + kith::Tensor(); }),
              HasSubstr("other undefined"));
  EXPECT_THAT(error_of<kith::ShapeError>([&] { x.unary(99); }),
              HasSubstr("unknown unary operator 99"));
}

TEST_F(FrequentTest, NoGradEndsWithItsBlockEvenWhenItNests) {
  const auto w = to_facade(at::ones({2}).requires_grad_(true));
  EXPECT_TRUE((w * 2).requires_grad());
  {
    const kith::NoGrad outer;
    {
      const kith::NoGrad inner;
      EXPECT_FALSE((w * 2).requires_grad());
    }
    EXPECT_FALSE((w * 2).requires_grad());
  }
  EXPECT_TRUE((w * 2).requires_grad());
  EXPECT_FALSE(w.detach().requires_grad());
}

TEST_F(FrequentTest, GradGivesWhatArrivedAtAParameter) {
  const auto w = to_facade(at::ones({2}).requires_grad_(true));
  EXPECT_FALSE(w.grad().defined());
  to_host((w * 3.0).sum()).backward();
  EXPECT_TRUE(same(w.grad(), at::full({2}, 3.F)));
  EXPECT_FALSE(kith::Tensor().grad().defined());
}

TEST_F(FrequentTest, FromDataCopiesNumbersInRowOrder) {
  float numbers[] = {1, 2, 3, 4, 5, 6};
  const std::array<std::int64_t, 2> sizes{2, 3};
  const auto t = kith::from_data(numbers, kith::Dtype::kFloat32, sizes);
  numbers[0] = 100;
  EXPECT_TRUE(same(t, at::tensor({1.F, 2.F, 3.F, 4.F, 5.F, 6.F}).view({2, 3})));
  EXPECT_TRUE(
      same(kith::from_data(nullptr, kith::Dtype::kInt64, sizes), at::zeros({2, 3}, at::kLong)));
  const std::array<std::int64_t, 1> negative{-1};
  EXPECT_THAT(
      error_of<kith::Error>([&] { kith::from_data(numbers, kith::Dtype::kFloat32, negative); }),
      HasSubstr("from_data: "));
}

TEST_F(FrequentTest, InfoDescribesATensor) {
  const auto a = at::randn({2, 3}).t();
  const auto x = to_facade(a);
  EXPECT_EQ(x.dim(), 2);
  EXPECT_EQ(x.numel(), 6);
  EXPECT_EQ(x.size(0), 3);
  EXPECT_EQ(x.size(-1), 2);
  EXPECT_EQ(x.dtype(), kith::Dtype::kFloat32);
  EXPECT_FALSE(x.is_cuda());
  EXPECT_FALSE(x.requires_grad());
  EXPECT_EQ(x.info().strides[0], 1);
  EXPECT_EQ(x.info().contiguous, 0);
  EXPECT_EQ(error_of<kith::ShapeError>([&] { x.size(2); }),
            "size: dimension 2 of a tensor with 2 dimensions");
  EXPECT_THAT(error_of<kith::ShapeError>([&] { x.data<float>(); }),
              HasSubstr("wanted a contiguous CPU tensor"));
  EXPECT_EQ(x.contiguous().data<float>()[1], a[0][1].item<float>());
  EXPECT_FALSE(kith::Tensor().defined());
  EXPECT_EQ(kith::Tensor().info().data, nullptr);
}

TEST_F(FrequentTest, InfoOfASparseTensorHasNoData) {
  const auto x = to_facade(at::eye(3).to_sparse());
  EXPECT_EQ(x.numel(), 9);
  EXPECT_EQ(x.info().data, nullptr);
}

}  // namespace
}  // namespace kith::host::test
