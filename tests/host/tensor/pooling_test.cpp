// SPDX-License-Identifier: Apache-2.0
#include <kith/nn.hpp>

#include "device.h"
#include "host/tensor/facade.h"

namespace kith::host::test {
namespace {

using PoolingTest = FacadeTest;

TEST_F(PoolingTest, TheMeanOverAGridIsLibTorchsOnAnyDevice) {
  for (const std::int64_t size : {4, 7, 8, 9})
    for (const std::int64_t side : {1, 2, 3, 4}) {
      SCOPED_TRACE(testing::Message() << size << " px, a grid of " << side);
      const auto x = at::randn({3, 5, size, size + 1}, at::kDouble).requires_grad_();
      const auto there = x.detach().to(device()).requires_grad_();
      const auto expected = at::adaptive_avg_pool2d(x, {side, side});
      const auto weights = at::rand_like(expected);
      (expected * weights).sum().backward();
      const auto actual = to_host(kith::nn::adaptive_avg_pool2d(to_facade(there), side));
      (actual * weights.to(device())).sum().backward();
      // Float64, sums of up to 20 numbers in another order.
      EXPECT_TRUE(at::allclose(actual.cpu(), expected, 1e-13, 1e-14));
      EXPECT_TRUE(at::allclose(there.grad().cpu(), x.grad(), 1e-13, 1e-14));
    }
}

}  // namespace
}  // namespace kith::host::test
