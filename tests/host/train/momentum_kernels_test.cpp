// SPDX-License-Identifier: Apache-2.0
#include "train/momentum_kernels.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "train/cpu_kernels.h"
#include "train/optimizer.h"

namespace kith::host {
namespace {

constexpr std::int64_t kSeveralPieces = 100'003;  // and the last one has a rest

struct KernelTensors {
  at::Tensor parameter, gradient, velocity;
  explicit KernelTensors(at::ScalarType type) {
    at::manual_seed(5);
    parameter = at::randn({kSeveralPieces}, type);
    gradient = at::randn({kSeveralPieces}, type);
    velocity = at::randn({kSeveralPieces}, type);
  }
};

constexpr MomentumStep kStep{.gradient_weight = 0.7,
                             .parameter_weight = 0.2,
                             .momentum = 0.9,
                             .rate = 0.1,
                             .nesterov = false};

void expect_near(const at::Tensor& actual, const at::Tensor& expected) {
  const double allowed = actual.scalar_type() == at::kDouble ? 1e-14 : 1e-6;
  EXPECT_TRUE(at::allclose(actual, expected, allowed, allowed));
}

void expect_norms(const Norms& norms, const at::Tensor& parameter, const at::Tensor& direction) {
  const double allowed = parameter.scalar_type() == at::kDouble ? 1e-13 : 1e-6;
  const double first = parameter.to(at::kDouble).norm().item<double>(),
               second = direction.to(at::kDouble).norm().item<double>();
  EXPECT_NEAR(norms.parameter, first, allowed * first);
  EXPECT_NEAR(norms.direction, second, allowed * second);
}

TEST(MomentumKernelsTest, DoWhatTheFormulaSays) {
  for (const auto type : {at::kFloat, at::kDouble}) {
    for (const bool nesterov : {false, true}) {
      MomentumStep step = kStep;
      step.nesterov = nesterov;
      const KernelTensors before(type);
      const at::Tensor d = 0.7 * before.gradient + 0.2 * before.parameter;
      const at::Tensor v = 0.9 * before.velocity + d, s = nesterov ? d + 0.9 * v : v;
      const at::Tensor p = before.parameter - 0.1 * s;

      const KernelTensors whole(type);
      expect_norms(norms_of(step, whole.parameter, whole.gradient), whole.parameter, d);
      take_step(step, whole.parameter, whole.gradient, whole.velocity);
      expect_near(whole.velocity, v);
      expect_near(whole.parameter, p);

      const KernelTensors halves(type);
      expect_norms(move_velocity(step, halves.parameter, halves.gradient, halves.velocity),
                   halves.parameter, s);
      EXPECT_TRUE(at::equal(halves.parameter, before.parameter));
      move_parameter(step, halves.parameter, halves.gradient, halves.velocity);
      EXPECT_TRUE(at::equal(halves.velocity, whole.velocity));
      EXPECT_TRUE(at::equal(halves.parameter, whole.parameter));
    }
  }
}

TEST(MomentumKernelsTest, GiveTheSameOnAnyNumberOfThreads) {
  const KernelTensors one(at::kFloat), two(at::kFloat);
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const Norms alone = norms_of(kStep, one.parameter, one.gradient);
  take_step(kStep, one.parameter, one.gradient, one.velocity);
  at::set_num_threads(2);
  const Norms shared = norms_of(kStep, two.parameter, two.gradient);
  take_step(kStep, two.parameter, two.gradient, two.velocity);
  at::set_num_threads(before);
  EXPECT_EQ(alone.direction, shared.direction);
  EXPECT_EQ(alone.parameter, shared.parameter);
  EXPECT_TRUE(at::equal(one.parameter, two.parameter));
  EXPECT_TRUE(at::equal(one.velocity, two.velocity));
}

TEST(MomentumKernelsTest, AutogradSeesTheChange) {
  const KernelTensors x(at::kFloat);
  const auto parameter = x.parameter._version(), velocity = x.velocity._version();
  take_step(kStep, x.parameter, x.gradient, x.velocity);
  EXPECT_GT(x.parameter._version(), parameter);
  EXPECT_GT(x.velocity._version(), velocity);
}

/// SGD as it goes by LibTorch's fused operator.
TEST(MomentumKernelsTest, SgdIsLibTorchsOwn) {
  for (const auto type : {at::kFloat, at::kDouble}) {
    for (const double decay : {0.0, 0.2}) {
      for (const bool nesterov : {false, true}) {
        const MomentumStep step{
            .parameter_weight = decay, .momentum = 0.9, .rate = 0.1, .nesterov = nesterov};
        const KernelTensors x(type), other(type);
        at::_fused_sgd_({other.parameter}, {other.gradient}, {other.velocity}, decay, 0.9, 0.1,
                        /*dampening=*/0, nesterov, /*maximize=*/false, /*is_first_step=*/false);
        take_step(step, x.parameter, x.gradient, x.velocity);
        expect_near(x.parameter, other.parameter);
        expect_near(x.velocity, other.velocity);
      }
      const MomentumStep plain{.parameter_weight = decay, .rate = 0.1};
      const KernelTensors x(type), other(type);
      at::_fused_sgd_({other.parameter}, {other.gradient}, {}, decay, /*momentum=*/0, 0.1,
                      /*dampening=*/0, /*nesterov=*/false, /*maximize=*/false,
                      /*is_first_step=*/false);
      const auto version = x.parameter._version();
      take_step_without_velocity(plain, x.parameter, x.gradient);
      expect_near(x.parameter, other.parameter);
      EXPECT_GT(x.parameter._version(), version);
    }
  }
}

TEST(CpuKernelsTest, AreForFloat32AndFloat64OnTheCpu) {
  EXPECT_TRUE(has_cpu_kernels(at::ones({1})));
  EXPECT_TRUE(has_cpu_kernels(at::ones({1}, at::kDouble)));
  EXPECT_FALSE(has_cpu_kernels(at::ones({1}, at::kBFloat16)));
}

/// Two steps from the same numbers, in a dtype. bfloat16 has no kernels: it goes by operators.
at::Tensor moved(const OptimizerSpec& spec, const ParameterTreatment& treatment,
                 at::ScalarType type) {
  const at::Tensor parameter = (at::arange(8, at::kFloat) / 4 + 0.25).to(type);  // exact in both
  const at::Tensor before = parameter.clone();
  const auto optimizer = make_optimizer(spec);
  optimizer->add_parameter("p", parameter, treatment);
  for (const double slope : {1.0, -0.5}) {
    at::Tensor(parameter).mutable_grad() = (at::arange(8, at::kFloat) * slope + 1).to(type);
    optimizer->step(1, 1);
  }
  return (parameter - before).to(at::kFloat);
}

TEST(MomentumKernelsTest, TheFormByOperatorsIsTheSame) {
  std::vector<OptimizerSpec> specs;
  for (const auto form : {LarsForm::kPopular, LarsForm::kClassic, LarsForm::kAdaptedLast}) {
    OptimizerSpec lars;
    lars.kind = OptimizerKind::kLars;
    lars.lars_form = form;
    specs.push_back(lars);
    lars.nesterov = true;
    specs.push_back(lars);
  }
  OptimizerSpec larc;
  larc.kind = OptimizerKind::kLarc;
  specs.push_back(larc);
  larc.clip = true;
  specs.push_back(larc);
  for (auto& spec : specs) {
    spec.weight_decay = 0.25;
    spec.trust = 0.5;
    for (const bool adapts : {true, false}) {
      ParameterTreatment treatment;
      treatment.adapts = adapts;
      const auto exact = moved(spec, treatment, at::kFloat),
                 rounded = moved(spec, treatment, at::kBFloat16);
      // bfloat16 has 8 bits; a step goes through a dozen operations.
      EXPECT_LE((exact - rounded).abs().max().item<double>(),
                0.04 * exact.abs().max().item<double>())
          << int(spec.kind) << " " << int(spec.lars_form) << " " << spec.nesterov << spec.clip
          << adapts;
    }
  }
}

}  // namespace
}  // namespace kith::host
