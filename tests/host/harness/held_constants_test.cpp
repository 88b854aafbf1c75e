// SPDX-License-Identifier: Apache-2.0
#include "harness/held_constants.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gmock/gmock.h>

#include <kith/error.hpp>
#include <stdexcept>

#include "device.h"

namespace kith::harness {
namespace {

using host::test::on_device;
using Loss = std::function<at::Tensor(const at::Tensor& w)>;

at::Tensor weights() {
  return at::tensor({0.5, -1.5, 2.0}, on_device(at::kDouble)).requires_grad_();
}

/// The gradient of a loss, and its central differences where what it takes as given is held.
std::pair<at::Tensor, at::Tensor> gradient_and_differences(const Loss& loss) {
  const auto w = weights();
  HeldConstants constants;
  at::Tensor value;
  constants.record([&] { value = loss(w); });
  value.backward();
  auto differences = at::zeros_like(w);
  const auto at = [&](int i, double distance) {
    auto moved = w.detach().clone();
    moved[i] += distance;
    moved.requires_grad_();
    constants.replay([&] { value = loss(moved); });
    return value.item<double>();
  };
  for (int i = 0; i < 3; ++i) differences.detach()[i] = (at(i, 1e-6) - at(i, -1e-6)) / 2e-6;
  return {w.grad(), differences.detach()};
}

void expect_holds(const Loss& loss) {
  const auto [gradient, differences] = gradient_and_differences(loss);
  EXPECT_GT(gradient.abs().max().item<double>(), 0.1);
  // Float64: the rounding of a loss of size 10 over a step of 1e-6.
  EXPECT_TRUE(at::allclose(gradient, differences, 1e-7, 1e-8)) << gradient << differences;
}

TEST(HeldConstantsTest, WhatIsDetachedStays) {
  expect_holds([](const at::Tensor& w) { return (w * w.detach()).sum(); });
  expect_holds([](const at::Tensor& w) { return (w + (w.round() - w).detach()).square().sum(); });
}

TEST(HeldConstantsTest, WhatIsComputedWithoutAGradientStays) {
  expect_holds([](const at::Tensor& w) {
    at::Tensor target;
    {
      const at::NoGradGuard no_grad;
      target = w.exp() * 2;
    }
    return (w - target).square().mean();
  });
}

TEST(HeldConstantsTest, TensorsInListsStay) {
  expect_holds([](const at::Tensor& w) { return at::cat({w, w.detach().square()}).prod(); });
  expect_holds([](const at::Tensor& w) { return (w.index({w.argsort()}) * w.detach()).sum(); });
}

TEST(HeldConstantsTest, WhatNothingHoldsIsDifferentiatedThrough) {
  expect_holds([](const at::Tensor& w) { return (w.sin() * w.exp()).sum() / w.square().mean(); });
}

TEST(HeldConstantsTest, NothingIsHeldAfterWorkThatThrew) {
  HeldConstants constants;
  const auto w = weights();
  constants.record([&] { w.mul(w.detach()).sum(); });
  EXPECT_THROW(constants.replay([] { throw std::runtime_error("by hand"); }), std::runtime_error);
  EXPECT_TRUE(at::equal(w * (w.detach() * 0 + 2), w.detach() * 2));
}

TEST(HeldConstantsTest, ALossWithoutAStepBeforeItIsRefused) {
  MethodHarness method("simclr", {.height = 4, .width = 4}, {{"encoder", kSmallEncoder}});
  const Values view{{8, 3, 4, 4}, std::vector<double>(8 * 48, 0.5)};
  try {
    method.loss_with_constants({.views = {view, view}});
    ADD_FAILURE() << "was not refused";
  } catch (const ConfigError& e) {
    EXPECT_STREQ(e.what(), "harness: loss_with_constants: wanted a step_with_constants before it");
  }
}

TEST(HeldConstantsTest, AStepThatCallsOtherOperatorsIsToldOf) {
  const auto w = weights();
  const auto run = [](HeldConstants& constants, const std::function<void()>& work) {
    try {
      constants.replay(work);
    } catch (const PluginError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  HeldConstants constants;
  constants.record([&] { w.mul(w.detach()).sum(); });
  EXPECT_EQ(run(constants, [&] { w.mul(w.detach()).sum(); }), "");
  EXPECT_EQ(run(constants, [&] { w.add(w.detach()).sum(); }),
            "it calls aten::add on [3] where it did not before: a step must not depend on values");
  EXPECT_EQ(run(constants, [&] { w.sum(); }),
            "it makes fewer calls than before: a step must not depend on values");
  EXPECT_EQ(run(constants, [&] { w.mul(w.detach()).sum().mul(w.detach()); }),
            "it calls aten::mul where it did not before: a step must not depend on values");
}

}  // namespace
}  // namespace kith::harness
