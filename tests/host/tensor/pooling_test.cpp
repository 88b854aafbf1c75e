// SPDX-License-Identifier: Apache-2.0
#include <kith/nn.hpp>

#include "device.h"
#include "host/tensor/facade.h"

namespace kith::host::test {
namespace {

using PoolingTest = FacadeTest;
using Pool = kith::Tensor (*)(const kith::Tensor&, std::int64_t);

/// Value and gradient against LibTorch's own on the CPU.
void expect_mean_over_grid(Pool pool) {
  for (const std::int64_t size : {1, 2, 3, 4, 7, 8, 9})
    for (const std::int64_t side : {1, 2, 3, 4}) {
      SCOPED_TRACE(testing::Message() << size << " px, a grid of " << side);
      const auto x = at::randn({3, 5, size, size + 1}, at::kDouble).requires_grad_();
      const auto there = x.detach().to(device()).requires_grad_();
      const auto expected = at::adaptive_avg_pool2d(x, {side, side});
      const auto weights = at::rand_like(expected);
      (expected * weights).sum().backward();
      const auto actual = to_host(pool(to_facade(there), side));
      (actual * weights.to(device())).sum().backward();
      // Float64, sums of up to 90 numbers in another order.
      EXPECT_TRUE(at::allclose(actual.cpu(), expected, 1e-13, 1e-14));
      EXPECT_TRUE(at::allclose(there.grad().cpu(), x.grad(), 1e-13, 1e-14));
    }
}

TEST_F(PoolingTest, TheMeanOverAGridIsLibTorchsOnAnyDevice) {
  expect_mean_over_grid(kith::nn::adaptive_avg_pool2d);
}

TEST_F(PoolingTest, TheComposedFormIsTheSame) {
  expect_mean_over_grid(kith::nn::detail::mean_over_grid);
}

}  // namespace
}  // namespace kith::host::test
