// SPDX-License-Identifier: Apache-2.0
#include "train/adam_kernel.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace kith::host {
namespace {

constexpr std::int64_t kAdamNumbers = 100'003;  // and the last one has a rest

AdamStep adam_step(bool decoupled, double beta1 = 0.9, double decay = 0.1) {
  return {.rate = 0.01,
          .beta1 = beta1,
          .beta2 = 0.999,
          .eps = 1e-8,
          .decay = decay,
          .decoupled = decoupled};
}

struct AdamTensors {
  at::Tensor parameter, gradient, mean, square;
  explicit AdamTensors(at::ScalarType type) {
    at::manual_seed(5);
    parameter = at::randn({kAdamNumbers}, type);
    gradient = at::randn({kAdamNumbers}, type);
    mean = at::randn({kAdamNumbers}, type);
    square = at::rand({kAdamNumbers}, type);
  }
  void take(const AdamStep& step) { take_step(step, parameter, gradient, mean, square); }
};

/// The largest difference of two tensors, as a share of the second's largest number.
double difference(const at::Tensor& actual, const at::Tensor& expected) {
  return ((actual - expected).abs().max() / expected.abs().max()).item<double>();
}

void expect_like_the_fused_operators(at::ScalarType type, AdamStep step) {
  AdamTensors x(type), other(type);
  const at::Tensor count = at::zeros({});
  for (step.number = 1; step.number <= 3; ++step.number) {
    count.add_(1);
    const auto fused = [&](auto operation) {
      operation(std::vector{other.parameter}, std::vector{other.gradient}, std::vector{other.mean},
                std::vector{other.square}, at::TensorList{}, std::vector{count}, step.rate,
                step.beta1, step.beta2, step.decay, step.eps, /*amsgrad=*/false,
                /*maximize=*/false, /*grad_scale=*/std::optional<at::Tensor>(),
                /*found_inf=*/std::optional<at::Tensor>());
    };
    if (step.decoupled) {
      fused([](auto&&... all) { at::_fused_adamw_(all...); });
    } else {
      fused([](auto&&... all) { at::_fused_adam_(all...); });
    }
    x.take(step);
  }
  // Three steps of some ten operations, each rounded to 2^-24 or 2^-53.
  const double allowed = type == at::kFloat ? 2e-6 : 4e-15;
  EXPECT_LT(difference(x.parameter, other.parameter), allowed);
  EXPECT_LT(difference(x.mean, other.mean), allowed);
  EXPECT_LT(difference(x.square, other.square), allowed);
}

TEST(AdamKernelTest, DoesWhatLibTorchsFusedOperatorsDo) {
  for (const auto type : {at::kFloat, at::kDouble}) {
    for (const bool decoupled : {false, true}) {
      for (const double beta1 : {0.0, 0.4, 0.9}) {
        for (const double decay : {0.0, 0.1}) {
          SCOPED_TRACE(testing::Message() << type << decoupled << " " << beta1 << " " << decay);
          expect_like_the_fused_operators(type, adam_step(decoupled, beta1, decay));
        }
      }
    }
  }
}

TEST(AdamKernelTest, WithoutABetaTheMeanIsTheGradient) {
  const at::Tensor parameter = at::zeros({1}), gradient = at::ones({1}), mean = at::full({1}, 1e8),
                   square = at::ones({1});
  take_step(adam_step(true, /*beta1=*/0), parameter, gradient, mean, square);
  EXPECT_EQ(mean.item<float>(), 1);
}

TEST(AdamKernelTest, GivesTheSameOnAnyNumberOfThreads) {
  AdamTensors one(at::kFloat), two(at::kFloat);
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  one.take(adam_step(true));
  at::set_num_threads(2);
  two.take(adam_step(true));
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(one.parameter, two.parameter));
  EXPECT_TRUE(at::equal(one.mean, two.mean));
  EXPECT_TRUE(at::equal(one.square, two.square));
}

TEST(AdamKernelTest, AutogradSeesTheChange) {
  AdamTensors x(at::kFloat);
  const auto parameter = x.parameter._version(), mean = x.mean._version(),
             square = x.square._version();
  x.take(adam_step(false));
  EXPECT_GT(x.parameter._version(), parameter);
  EXPECT_GT(x.mean._version(), mean);
  EXPECT_GT(x.square._version(), square);
}

}  // namespace
}  // namespace kith::host
