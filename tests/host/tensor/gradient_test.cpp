// SPDX-License-Identifier: Apache-2.0
#include "tensor/gradient.h"

#include <gmock/gmock.h>

#include <memory>

#include "device.h"
#include "host/tensor/facade.h"
#include "tensor/autocast.h"

namespace kith::host::test {
namespace {

using testing::HasSubstr;
using Tensors = std::vector<kith::Tensor>;

using CustomGradientTest = FacadeTest;
using CheckpointTest = FacadeTest;

at::Tensor leaf(at::IntArrayRef sizes, at::ScalarType type = at::kDouble) {
  return at::randn(sizes, on_device(type)).requires_grad_(true);
}

/// exp(a) * b, with its backward written by hand.
kith::Tensor exp_times(const kith::Tensor& a, const kith::Tensor& b) {
  kith::Tensor e, y;
  {
    const kith::NoGrad no_grad;
    e = a.exp();
    y = e * b;
  }
  return kith::custom_gradient({a, b}, {y}, [e, b = b.detach()](const Tensors& g) {
    return Tensors{g[0] * e * b, g[0] * e};
  })[0];
}

TEST_F(CustomGradientTest, EqualsAutomaticDifferentiationInFloat64) {
  const auto a = leaf({3, 2}), b = leaf({3, 2});
  const auto c = a.detach().clone().requires_grad_(true),
             d = b.detach().clone().requires_grad_(true);
  to_host((exp_times(to_facade(a), to_facade(b)).square() + 1.0).sum()).backward();
  ((c.exp() * d).square() + 1.0).sum().backward();
  // 1e-14: float64, one product in another order.
  EXPECT_TRUE(at::allclose(a.grad(), c.grad(), 1e-14, 1e-14));
  EXPECT_TRUE(at::allclose(b.grad(), d.grad(), 1e-14, 1e-14));
}

TEST_F(CustomGradientTest, LeavesOutInputsWithoutAGradientAndOutputsThatNothingReached) {
  const auto a = leaf({2});
  const auto constant = at::ones({2}, on_device(at::kDouble));
  kith::Tensor first, second;
  {
    const kith::NoGrad no_grad;
    first = to_facade(a) * 2.0;
    second = to_facade(a) * 5.0;
  }
  bool second_arrived = true;
  const auto out = kith::custom_gradient({to_facade(a), to_facade(constant)}, {first, second},
                                         [&](const Tensors& g) {
                                           second_arrived = g[1].defined();
                                           return Tensors{g[0] * 2.0, kith::Tensor()};
                                         });
  to_host(out[0].sum()).backward();
  EXPECT_FALSE(second_arrived);
  EXPECT_TRUE(at::equal(a.grad(), at::full({2}, 2.0, on_device(at::kDouble))));
}

TEST_F(CustomGradientTest, AThrowingBackwardIsAnErrorAndTheHostGoesOn) {
  const auto a = leaf({2});
  const auto x = to_facade(a);
  const auto broken = [&] {
    const auto y = kith::custom_gradient({x}, {x.detach() * 2.0}, [](const Tensors&) -> Tensors {
      throw kith::DataError("by hand: no");
    })[0];
    to_host(y.sum()).backward();
  };
  for (int i = 0; i < 2; ++i)
    EXPECT_THAT(error_of<kith::DataError>(broken), HasSubstr("backward: by hand: no"));
  to_host((x * 3.0).sum()).backward();
  EXPECT_TRUE(at::equal(a.grad(), at::full({2}, 3.0, on_device(at::kDouble))));
}

TEST_F(CustomGradientTest, RefusesAWrongNumberOfGradientsAndAWrongShape) {
  const auto x = to_facade(leaf({2}));
  const auto run = [&](auto backward) {
    to_host(kith::custom_gradient({x}, {x.detach()}, backward)[0].sum()).backward();
  };
  EXPECT_THAT(
      error_of<kith::ShapeError>(
          [&] { run([](const Tensors& g) { return Tensors{g[0], g[0]}; }); }),
      HasSubstr("custom_gradient: backward must return one gradient an input, wanted 1, got 2"));
  EXPECT_ANY_THROW(run(
      [](const Tensors&) { return Tensors{to_facade(at::ones({3}, on_device(at::kDouble)))}; }));
}

TEST_F(CustomGradientTest, ReleasesTheBackwardOnceWithTheGraph) {
  struct Counter {
    explicit Counter(int* n) : n(n) {}
    ~Counter() { ++*n; }
    int* n;
  };
  int destroyed = 0;
  const auto a = leaf({2});
  {
    auto counter = std::make_shared<Counter>(&destroyed);
    auto y = kith::custom_gradient({to_facade(a)}, {to_facade(a.detach())},
                                   [counter](const Tensors& g) { return Tensors{g[0]}; })[0];
    counter.reset();
    EXPECT_EQ(destroyed, 0);
    to_host(y.sum()).backward();
    EXPECT_EQ(destroyed, 0) << "the graph still hangs on y";
  }
  EXPECT_EQ(destroyed, 1);
  {  // Without anything that needs a gradient it goes at once.
    auto counter = std::make_shared<Counter>(&destroyed);
    const auto y = kith::custom_gradient({to_facade(a.detach())}, {to_facade(a.detach())},
                                         [counter](const Tensors& g) { return Tensors{g[0]}; })[0];
    counter.reset();
    EXPECT_EQ(destroyed, 2);
    EXPECT_FALSE(y.requires_grad());
  }
}

TEST_F(CheckpointTest, GivesTheSameLossAndGradientsBitForBit) {
  const auto run = [](bool again) {
    at::manual_seed(3);
    const auto x = leaf({8, 5}, at::kFloat), w = leaf({5, 5}, at::kFloat),
               v = leaf({5, 1}, at::kFloat);
    const auto segment = [w, v](const Tensors& in) {
      return in[0].matmul(to_facade(w)).tanh().matmul(to_facade(w)).sigmoid().matmul(to_facade(v));
    };
    const auto y = again ? kith::checkpoint({to_facade(x)}, segment) : segment({to_facade(x)});
    const auto loss = to_host(y.square().mean());
    loss.backward();
    return std::vector<at::Tensor>{loss.detach(), x.grad(), w.grad(), v.grad()};
  };
  const auto kept = run(false), recomputed = run(true);
  for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_TRUE(at::equal(kept[i], recomputed[i])) << i;
}

TEST_F(CheckpointTest, ParametersInsideGetGradientsThoughNoInputNeedsOne) {
  const auto w = leaf({3});
  const auto y =
      kith::checkpoint({to_facade(at::full({3}, 2.0, on_device(at::kDouble))), kith::Tensor()},
                       [&](const Tensors& in) {
                         EXPECT_FALSE(in[1].defined());
                         return in[0] * to_facade(w);
                       });
  to_host(y.sum()).backward();
  EXPECT_TRUE(at::equal(w.grad(), at::full({3}, 2.0, on_device(at::kDouble))));
}

TEST_F(CheckpointTest, TheSecondRunDrawsWhatLibTorchsGeneratorGaveTheFirst) {
  const auto w = leaf({1000});
  std::vector<at::Tensor> masks;
  const auto y = kith::checkpoint({to_facade(w)}, [&](const Tensors& in) {
    const auto dropped = kith::call<"aten::dropout">(in[0], 0.5, true);
    masks.push_back(to_host(dropped).detach() != 0);
    return dropped;
  });
  const auto next = at::rand({4}, on_device(at::kFloat));
  to_host(y.sum()).backward();
  ASSERT_EQ(masks.size(), 2U);
  EXPECT_TRUE(at::equal(masks[0], masks[1]));
  EXPECT_FALSE(at::equal(at::rand({4}, on_device(at::kFloat)), next))
      << "the backward pass leaves the generator where it was";
}

TEST_F(CheckpointTest, TheSecondRunCastsAsTheFirst) {
  const auto x = leaf({4, 8}, at::kFloat), w = leaf({8, 8}, at::kFloat);
  std::vector<kith::Dtype> dtypes;
  const auto run = [&](bool again) {
    x.mutable_grad() = at::Tensor();
    w.mutable_grad() = at::Tensor();
    const auto segment = [&](const Tensors& in) {
      const auto y = in[0].matmul(to_facade(w));
      dtypes.push_back(y.dtype());
      return y.tanh();
    };
    kith::Tensor y;
    {
      const Autocast autocast(device().type(), true, at::kBFloat16);
      y = again ? kith::checkpoint({to_facade(x)}, segment) : segment({to_facade(x)});
    }
    to_host(y.to(kith::Dtype::kFloat32).square().sum()).backward();
    return std::pair{x.grad().clone(), w.grad().clone()};
  };
  const auto kept = run(false), recomputed = run(true);
  EXPECT_EQ(dtypes, std::vector<kith::Dtype>(3, kith::Dtype::kBFloat16));
  EXPECT_TRUE(at::equal(kept.first, recomputed.first));
  EXPECT_TRUE(at::equal(kept.second, recomputed.second));
}

TEST_F(CheckpointTest, ACastMadeWithoutAGradientIsNotUsedWithOne) {
  const auto x = at::randn({4, 8}, on_device(at::kFloat)), w = leaf({8, 8}, at::kFloat);
  kith::Tensor y;
  {
    const Autocast autocast(device().type(), true, at::kBFloat16);
    {
      const kith::NoGrad no_grad;
      to_facade(x).matmul(to_facade(w));
    }
    y = to_facade(x).matmul(to_facade(w));
  }
  ASSERT_TRUE(y.requires_grad());
  to_host(y.to(kith::Dtype::kFloat32).sum()).backward();
  EXPECT_TRUE(w.grad().defined());
}

TEST_F(CheckpointTest, AThrowingSegmentIsAnErrorInEitherRun) {
  const auto w = leaf({2});
  EXPECT_THAT(error_of<kith::ConfigError>([&] {
                kith::checkpoint({to_facade(w)}, [](const Tensors&) -> kith::Tensor {
                  throw kith::ConfigError("first");
                });
              }),
              HasSubstr("checkpoint: first"));
  const auto y = kith::checkpoint({to_facade(w)}, [runs = 0](const Tensors& in) mutable {
    if (runs++ > 0) throw kith::ConfigError("second");
    return in[0] * 2.0;
  });
  EXPECT_THAT(error_of<kith::ConfigError>([&] { to_host(y.sum()).backward(); }),
              HasSubstr("checkpoint, second run: second"));
}

}  // namespace
}  // namespace kith::host::test
