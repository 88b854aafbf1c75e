// SPDX-License-Identifier: Apache-2.0
#include "train/adam_kernel.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "train/number_walk.h"

namespace kith::host {
namespace {

constexpr std::int64_t kSeveralPieces = 100'003;  // and the last one has a rest

AdamStep step_of(bool decoupled) {
  return {.rate = 0.01,
          .beta1 = 0.9,
          .beta2 = 0.999,
          .eps = 1e-8,
          .decay = 0.1,
          .decoupled = decoupled};
}

struct AdamTensors {
  at::Tensor parameter, gradient, mean, square;
  explicit AdamTensors(at::ScalarType type) {
    at::manual_seed(5);
    parameter = at::randn({kSeveralPieces}, type);
    gradient = at::randn({kSeveralPieces}, type);
    mean = at::randn({kSeveralPieces}, type);
    square = at::rand({kSeveralPieces}, type);
  }
  void take(const AdamStep& step, double n) {
    take_step(step, n, parameter, gradient, mean, square);
  }
};

/// The largest difference of two tensors, as a share of the second's largest number.
double difference(const at::Tensor& actual, const at::Tensor& expected) {
  return ((actual - expected).abs().max() / expected.abs().max()).item<double>();
}

TEST(AdamKernelTest, DoesWhatLibTorchsFusedKernelsDo) {
  for (const auto type : {at::kFloat, at::kDouble}) {
    for (const bool decoupled : {false, true}) {
      AdamTensors x(type), other(type);
      const AdamStep step = step_of(decoupled);
      const at::Tensor count = at::zeros({});
      for (int n = 1; n <= 3; ++n) {
        count.add_(1);
        const auto fused = [&](auto kernel) {
          kernel(std::vector{other.parameter}, std::vector{other.gradient}, std::vector{other.mean},
                 std::vector{other.square}, at::TensorList{}, std::vector{count}, step.rate,
                 step.beta1, step.beta2, step.decay, step.eps,
                 /*amsgrad=*/false, /*maximize=*/false, /*grad_scale=*/std::optional<at::Tensor>(),
                 /*found_inf=*/std::optional<at::Tensor>());
        };
        if (decoupled) {
          fused([](auto&&... all) { at::_fused_adamw_(all...); });
        } else {
          fused([](auto&&... all) { at::_fused_adam_(all...); });
        }
        x.take(step, n);
      }
      // Three steps of some ten operations, each rounded to 2^-24 or 2^-53.
      const double allowed = type == at::kFloat ? 2e-6 : 4e-15;
      EXPECT_LT(difference(x.parameter, other.parameter), allowed) << decoupled;
      EXPECT_LT(difference(x.mean, other.mean), allowed) << decoupled;
      EXPECT_LT(difference(x.square, other.square), allowed) << decoupled;
    }
  }
}

TEST(AdamKernelTest, GivesTheSameOnAnyNumberOfThreads) {
  AdamTensors one(at::kFloat), two(at::kFloat);
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  one.take(step_of(true), 1);
  at::set_num_threads(2);
  two.take(step_of(true), 1);
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(one.parameter, two.parameter));
  EXPECT_TRUE(at::equal(one.mean, two.mean));
  EXPECT_TRUE(at::equal(one.square, two.square));
}

TEST(AdamKernelTest, AutogradSeesTheChange) {
  AdamTensors x(at::kFloat);
  const auto parameter = x.parameter._version(), mean = x.mean._version(),
             square = x.square._version();
  x.take(step_of(false), 1);
  EXPECT_GT(x.parameter._version(), parameter);
  EXPECT_GT(x.mean._version(), mean);
  EXPECT_GT(x.square._version(), square);
}

TEST(NumberWalkTest, KernelsAreForFloat32AndFloat64OnTheCpu) {
  EXPECT_TRUE(has_kernels(at::ones({1})));
  EXPECT_TRUE(has_kernels(at::ones({1}, at::kDouble)));
  EXPECT_FALSE(has_kernels(at::ones({1}, at::kBFloat16)));
}

}  // namespace
}  // namespace kith::host
