// SPDX-License-Identifier: Apache-2.0
#include "train/optimizer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <kith/error.hpp>
#include <limits>
#include <map>

#include "device.h"

namespace kith::host {
namespace {

using test::on_device;

constexpr OptimizerKind kOptimizerKinds[] = {OptimizerKind::kSgd, OptimizerKind::kAdam,
                                             OptimizerKind::kAdamW, OptimizerKind::kLars,
                                             OptimizerKind::kLarc};

OptimizerSpec spec_of(OptimizerKind kind) {
  OptimizerSpec spec;
  spec.kind = kind;
  spec.weight_decay = 0.1;
  return spec;
}

/// SGD without momentum and decay: one step moves a parameter by -lr * gradient.
OptimizerSpec plain_sgd() {
  OptimizerSpec spec;
  spec.sgd_momentum = 0;
  return spec;
}

void set_gradient(at::Tensor parameter, const at::Tensor& gradient) {
  parameter.mutable_grad() = gradient.to(parameter.options());
}

/// A gradient that differs from step to step and from element to element.
at::Tensor gradient_at(const at::Tensor& parameter, int step) {
  return at::sin(at::arange(parameter.numel(), on_device(at::kDouble)) + step)
      .reshape(parameter.sizes());
}

std::map<std::string, at::Tensor> copy_state(Optimizer& optimizer) {
  std::map<std::string, at::Tensor> copies;
  optimizer.for_each_state(
      [&](const std::string& name, at::Tensor& state) { copies[name] = state.clone(); });
  return copies;
}

TEST(OptimizerTest, ConstantLearningRateTakesTheBaseAndFactorsMultiply) {
  const auto optimizer = make_optimizer(plain_sgd());
  ParameterTreatment constant, slow, both;
  constant.constant_lr = true;
  slow.lr_factor = 0.5;
  both.constant_lr = true;
  both.lr_factor = 0.5;
  std::vector<at::Tensor> parameters;
  for (const ParameterTreatment& treatment : {ParameterTreatment{}, constant, slow, both}) {
    parameters.push_back(at::zeros({1}, on_device(at::kDouble)));
    optimizer->add_parameter(std::to_string(parameters.size()), parameters.back(), treatment);
    set_gradient(parameters.back(), at::ones({1}));
  }
  optimizer->step(/*learning_rate=*/0.25, /*base_lr=*/4);
  EXPECT_EQ(parameters[0].item<double>(), -0.25);
  EXPECT_EQ(parameters[1].item<double>(), -4);
  EXPECT_EQ(parameters[2].item<double>(), -0.125);
  EXPECT_EQ(parameters[3].item<double>(), -2);
}

TEST(OptimizerTest, AParameterThatDoesNotDecayMovesByItsGradientAlone) {
  for (OptimizerKind kind : kOptimizerKinds) {
    const auto optimizer = make_optimizer(spec_of(kind));
    const at::Tensor decays = at::full({2}, 3.0, on_device(at::kDouble));
    const at::Tensor stays = decays.clone();
    ParameterTreatment exempt;
    exempt.decays = false;
    optimizer->add_parameter("decays", decays, {});
    optimizer->add_parameter("stays", stays, exempt);
    // Against the decay, and not zero: LARC leaves a parameter alone whose gradient is.
    set_gradient(decays, at::full({2}, -1e-12));
    set_gradient(stays, at::zeros({2}));
    optimizer->step(0.5, 0.5);
    EXPECT_TRUE(at::equal(stays, at::full({2}, 3.0, on_device(at::kDouble)))) << int(kind);
    EXPECT_LT(decays[0].item<double>(), 3) << int(kind);
  }
}

TEST(OptimizerTest, AParameterWithoutAGradientIsSkippedWithItsState) {
  for (OptimizerKind kind : kOptimizerKinds) {
    const auto optimizer = make_optimizer(spec_of(kind));
    const at::Tensor parameter = at::ones({2, 2}, on_device(at::kDouble));
    optimizer->add_parameter("w", parameter, {});
    set_gradient(parameter, gradient_at(parameter, 0));
    optimizer->step(0.1, 0.1);
    const at::Tensor before = parameter.clone();
    const auto state = copy_state(*optimizer);
    optimizer->clear_gradients();
    optimizer->step(0.1, 0.1);
    EXPECT_TRUE(at::equal(parameter, before)) << int(kind);
    for (const auto& [name, value] : copy_state(*optimizer)) {
      EXPECT_TRUE(at::equal(value, state.at(name))) << name;
    }
  }
}

void expect_skipped(OptimizerKind kind, at::ScalarType dtype) {
  const auto optimizer = make_optimizer(spec_of(kind)), plain = make_optimizer(spec_of(kind));
  const at::Tensor parameter = at::ones({2, 2}, on_device(dtype)), other = parameter.clone();
  optimizer->add_parameter("w", parameter, {});
  plain->add_parameter("w", other, {});
  const auto one = at::ones({}, on_device(at::kFloat)), zero = at::zeros_like(one);
  for (int step = 0; step < 3; ++step) {
    set_gradient(parameter, gradient_at(parameter, step));
    set_gradient(other, gradient_at(other, step));
    optimizer->step(0.1, 0.1, zero);
    plain->step(0.1, 0.1);
    const at::Tensor before = parameter.clone();
    const auto state = copy_state(*optimizer);
    set_gradient(parameter, at::full_like(parameter, std::numeric_limits<float>::infinity()));
    optimizer->step(0.1, 0.1, one);
    EXPECT_TRUE(at::equal(parameter, before)) << int(kind);
    for (const auto& [name, value] : copy_state(*optimizer))
      EXPECT_TRUE(at::equal(value, state.at(name))) << int(kind) << name;
  }
  EXPECT_TRUE(at::equal(parameter, other)) << int(kind);
}

TEST(OptimizerTest, AStepThatIsSkippedMovesNothingAndCountsForNothing) {
  // In float32 there are kernels on the CPU; in bfloat16 it goes by operators, as on a GPU.
  for (const OptimizerKind kind : kOptimizerKinds) {
    for (const auto dtype : {at::kFloat, at::kBFloat16}) {
      SCOPED_TRACE(testing::Message() << int(kind) << " " << dtype);
      expect_skipped(kind, dtype);
    }
  }
}

TEST(OptimizerTest, AFrozenParameterStaysUntilItIsReleased) {
  for (OptimizerKind kind : kOptimizerKinds) {
    const auto optimizer = make_optimizer(spec_of(kind));
    const at::Tensor frozen = at::ones({2, 2}, on_device(at::kDouble)),
                     moves = at::ones({2, 2}, on_device(at::kDouble));
    optimizer->add_parameter("frozen", frozen, {});
    optimizer->add_parameter("moves", moves, {});
    optimizer->set_frozen("frozen", true);
    ASSERT_EQ(optimizer->trained_parameters().size(), 1u);
    EXPECT_TRUE(optimizer->trained_parameters()[0].is_same(moves));
    set_gradient(frozen, gradient_at(frozen, 0));
    set_gradient(moves, gradient_at(moves, 0));
    optimizer->step(0.1, 0.1);
    EXPECT_TRUE(at::equal(frozen, at::ones({2, 2}, on_device(at::kDouble))));
    EXPECT_FALSE(at::equal(moves, frozen));
    // Its first step, when it comes, is the same as the other's first.
    const at::Tensor after_first = moves.clone();
    optimizer->set_frozen("frozen", false);
    optimizer->step(0.1, 0.1);
    EXPECT_TRUE(at::equal(frozen, after_first)) << int(kind);
  }
}

TEST(OptimizerTest, RestoredStateGivesTheSameNextStepsToTheBit) {
  for (OptimizerKind kind : kOptimizerKinds) {
    auto make = [&](at::Tensor& weight, at::Tensor& bias) {
      auto optimizer = make_optimizer(spec_of(kind));
      ParameterTreatment exempt;
      exempt.adapts = exempt.decays = false;
      optimizer->add_parameter("weight", weight, {});
      optimizer->add_parameter("bias", bias, exempt);
      return optimizer;
    };
    auto run = [](Optimizer& optimizer, const at::Tensor& weight, const at::Tensor& bias, int from,
                  int to) {
      for (int step = from; step < to; ++step) {
        set_gradient(weight, gradient_at(weight, step));
        if (step % 2 == 0) set_gradient(bias, gradient_at(bias, step));
        optimizer.step(0.1 / (step + 1), 0.1);
        optimizer.clear_gradients();
      }
    };
    at::Tensor weight = at::ones({3, 5}, on_device(at::kFloat)),
               bias = at::zeros({3}, on_device(at::kFloat));
    const auto first = make(weight, bias);
    run(*first, weight, bias, 0, 5);
    at::Tensor saved_weight = weight.clone(), saved_bias = bias.clone();
    const auto saved = copy_state(*first);
    run(*first, weight, bias, 5, 9);

    const auto second = make(saved_weight, saved_bias);
    std::size_t restored = 0;
    second->for_each_state([&](const std::string& name, at::Tensor& state) {
      state.copy_(saved.at(name));
      ++restored;
    });
    EXPECT_EQ(restored, saved.size());
    run(*second, saved_weight, saved_bias, 5, 9);
    EXPECT_TRUE(at::equal(weight, saved_weight)) << int(kind);
    EXPECT_TRUE(at::equal(bias, saved_bias)) << int(kind);
    const auto end = copy_state(*second);
    for (const auto& [name, value] : copy_state(*first)) {
      EXPECT_TRUE(at::equal(value, end.at(name))) << name;
    }
  }
}

TEST(OptimizerTest, StateIsThereBeforeTheFirstStepUnderItsNames) {
  auto names_of = [](const OptimizerSpec& spec) {
    const auto optimizer = make_optimizer(spec);
    optimizer->add_parameter("a.weight", at::zeros({2}), {});
    std::vector<std::string> names;
    optimizer->for_each_state([&](const std::string& name, at::Tensor& state) {
      EXPECT_EQ(state.abs().sum().item<double>(), 0);
      names.push_back(name);
    });
    return names;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names_of(plain_sgd()), Names{});
  EXPECT_EQ(names_of(spec_of(OptimizerKind::kSgd)), Names{"a.weight.momentum_buffer"});
  EXPECT_EQ(names_of(spec_of(OptimizerKind::kLars)), Names{"a.weight.momentum_buffer"});
  EXPECT_EQ(names_of(spec_of(OptimizerKind::kLarc)), Names{"a.weight.momentum_buffer"});
  const Names adam{"a.weight.exp_avg", "a.weight.exp_avg_sq", "a.weight.step"};
  EXPECT_EQ(names_of(spec_of(OptimizerKind::kAdam)), adam);
  EXPECT_EQ(names_of(spec_of(OptimizerKind::kAdamW)), adam);
}

TEST(OptimizerTest, LarsScalesByTheRatioOfNormsUnlessExemptOrZero) {
  OptimizerSpec spec;
  spec.kind = OptimizerKind::kLars;
  const auto optimizer = make_optimizer(spec);
  const at::Tensor adapts = at::tensor({3.0, 4.0}, on_device(at::kDouble)), exempt = adapts.clone();
  const at::Tensor zero = at::zeros({2}, on_device(at::kDouble)), no_slope = adapts.clone();
  ParameterTreatment no_adaptation;
  no_adaptation.adapts = false;
  optimizer->add_parameter("adapts", adapts, {});
  optimizer->add_parameter("exempt", exempt, no_adaptation);
  optimizer->add_parameter("zero", zero, {});
  optimizer->add_parameter("no slope", no_slope, {});
  const at::Tensor gradient = at::tensor({0.0, 2.0}, at::kDouble);
  for (const at::Tensor& parameter : {adapts, exempt, zero}) set_gradient(parameter, gradient);
  set_gradient(no_slope, at::zeros({2}));
  optimizer->step(1, 1);
  // |p| = 5, |d| = 2, trust 0.001: d = 2 * 0.0025.
  EXPECT_DOUBLE_EQ(adapts[1].item<double>(), 4 - 0.005);
  EXPECT_DOUBLE_EQ(exempt[1].item<double>(), 4 - 2);
  EXPECT_DOUBLE_EQ(zero[1].item<double>(), -2);
  EXPECT_DOUBLE_EQ(no_slope[1].item<double>(), 4);
}

TEST(OptimizerTest, AGradientOfAnotherMemoryLayoutGivesTheSameStep) {
  for (OptimizerKind kind : kOptimizerKinds) {
    const at::Tensor start =
        at::arange(2 * 3 * 4 * 5, on_device(at::kFloat)).reshape({2, 3, 4, 5}) / 100;
    const at::Tensor plain = start.clone();
    const at::Tensor last = start.clone().contiguous(at::MemoryFormat::ChannelsLast);
    const auto optimizer = make_optimizer(spec_of(kind));
    optimizer->add_parameter("plain", plain, {});
    optimizer->add_parameter("channels last", last, {});
    for (int step = 0; step < 3; ++step) {
      set_gradient(plain, gradient_at(plain, step));
      last.mutable_grad() = plain.grad().clone();  // contiguous, as the parameter is not
      optimizer->step(0.1, 0.1);
    }
    EXPECT_TRUE(last.is_contiguous(at::MemoryFormat::ChannelsLast));
    EXPECT_LT((plain - last).abs().max().item<double>(), 1e-6)
        << int(kind);  // order of a norm's sum
    EXPECT_GT((plain - start).abs().max().item<double>(), 1e-4) << int(kind);
  }
}

TEST(OptimizerTest, MovesParametersThatAutogradWatchesInPlace) {
  for (OptimizerKind kind : kOptimizerKinds) {
    at::Tensor parameter = at::ones({3}, on_device(at::kDouble)).requires_grad_();
    const auto optimizer = make_optimizer(spec_of(kind));
    optimizer->add_parameter("w", parameter, {});
    (parameter * parameter).sum().backward();
    const void* data = parameter.data_ptr();
    optimizer->step(0.1, 0.1);
    EXPECT_EQ(parameter.data_ptr(), data);
    EXPECT_TRUE(parameter.is_leaf() && parameter.requires_grad());
    EXPECT_LT(parameter[0].item<double>(), 1) << int(kind);
    optimizer->clear_gradients();
    EXPECT_FALSE(parameter.grad().defined());
  }
}

TEST(OptimizerTest, ParametersOfSeveralTypesAreUpdatedApart) {
  const auto optimizer = make_optimizer(plain_sgd());
  const at::Tensor single = at::zeros({1}, on_device(at::kFloat)),
                   twice = at::zeros({1}, on_device(at::kDouble));
  optimizer->add_parameter("single", single, {});
  optimizer->add_parameter("double", twice, {});
  set_gradient(single, at::ones({1}));
  set_gradient(twice, at::ones({1}));
  optimizer->step(0.5, 0.5);
  EXPECT_EQ(single.item<float>(), -0.5f);
  EXPECT_EQ(twice.item<double>(), -0.5);
}

TEST(OptimizerTest, ListsItsGroups) {
  const auto optimizer = make_optimizer(spec_of(OptimizerKind::kLars));
  ParameterTreatment exempt;
  exempt.decays = false;
  optimizer->add_parameter("a", at::zeros({1}), {});
  optimizer->add_parameter("b", at::zeros({1}), exempt);
  optimizer->add_parameter("c", at::zeros({1}), {});
  const auto groups = optimizer->groups();
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].names, (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(groups[1].names, std::vector<std::string>{"b"});
}

TEST(OptimizerTest, RefusesParametersThatItCannotTrain) {
  const auto optimizer = make_optimizer(plain_sgd());
  const at::Tensor parameter = at::zeros({2});
  optimizer->add_parameter("a", parameter, {});
  EXPECT_THROW(optimizer->add_parameter("a", at::zeros({2}), {}), c10::Error);
  EXPECT_THROW(optimizer->add_parameter("b", parameter, {}), c10::Error);
  EXPECT_THROW(optimizer->add_parameter("c", at::zeros({2}, at::kLong), {}), c10::Error);
  EXPECT_THROW(optimizer->add_parameter("d", at::zeros({1}).expand({2}), {}), c10::Error);
  EXPECT_THROW(optimizer->set_frozen("e", true), c10::Error);
}

std::string error_of(const OptimizerSpec& spec) {
  try {
    make_optimizer(spec);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "no error";
}

TEST(OptimizerTest, RejectsSettingsOutOfRangeAndNamesTheKey) {
  OptimizerSpec spec = spec_of(OptimizerKind::kSgd);
  spec.weight_decay = -1;
  EXPECT_EQ(error_of(spec),
            "optimizer: weight_decay must be >= 0, got -1 (optimizer.weight_decay)");
  spec = plain_sgd();
  spec.nesterov = true;
  EXPECT_EQ(error_of(spec),
            "optimizer: sgd_momentum must be > 0 with nesterov, got 0 (optimizer.sgd_momentum)");
  spec = spec_of(OptimizerKind::kAdamW);
  spec.beta2 = 1;
  EXPECT_EQ(error_of(spec), "optimizer: beta2 must be in [0, 1), got 1 (optimizer.beta2)");
  spec = spec_of(OptimizerKind::kLars);
  spec.trust = 0;
  EXPECT_EQ(error_of(spec), "optimizer: trust must be > 0, got 0 (optimizer.trust)");
}

}  // namespace
}  // namespace kith::host
