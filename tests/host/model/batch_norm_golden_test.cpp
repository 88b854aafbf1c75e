// SPDX-License-Identifier: Apache-2.0
//
// Batch norm by groups against the authors' split batch norm (MoCo's CIFAR notebook).
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "device.h"
#include "golden/golden_file.h"
#include "model/batch_norm.h"

namespace kith::host::test {
namespace {

void expect_equal(const at::Tensor& actual, const golden::Array& expected,
                  golden::Tolerance tolerance) {
  const auto flat = actual.detach().cpu().to(at::kDouble).contiguous().view({-1});
  const std::vector<double> numbers(flat.data_ptr<double>(),
                                    flat.data_ptr<double>() + flat.numel());
  EXPECT_EQ(golden::find_difference(numbers, expected.reals(), tolerance), "");
}

void check_case(const golden::Case& c, at::ScalarType dtype) {
  const bool exact = dtype == at::kDouble;
  const auto values = exact ? golden::kFloat64 : golden::kFloat32;
  const auto gradients = exact ? golden::kFloat64 : golden::kFloat32Gradient;
  const auto tensor = [dtype](const golden::Array& array) {
    return at::tensor(array.reals(), at::kDouble).view(array.shape()).to(on_device(dtype));
  };
  BatchNormCall call;
  call.weight = tensor(c.input("p_weight")).requires_grad_(true);
  call.bias = tensor(c.input("p_bias")).requires_grad_(true);
  call.running_mean = at::zeros_like(call.weight);
  call.running_var = at::ones_like(call.weight);
  call.momentum = c.real("momentum");
  call.eps = c.real("eps");
  call.groups = c.integer("splits");
  for (const std::string step : {"_s0", "_s1"}) {
    SCOPED_TRACE(step);
    call.weight.mutable_grad() = at::Tensor();
    call.bias.mutable_grad() = at::Tensor();
    call.input = tensor(c.input("x" + step)).requires_grad_(true);
    const auto y = batch_norm(call);
    (y * tensor(c.input("weights_of_sum" + step))).sum().backward();
    expect_equal(y, c.output("y" + step), values);
    expect_equal(call.input.grad(), c.output("grad_x" + step), gradients);
    expect_equal(call.weight.grad(), c.output("grad_weight" + step), gradients);
    expect_equal(call.bias.grad(), c.output("grad_bias" + step), gradients);
  }
  expect_equal(call.running_mean, c.output("state_running_mean"), values);
  expect_equal(call.running_var, c.output("state_running_var"), values);
  call.training = call.update = false;
  call.input = tensor(c.input("x_eval"));
  expect_equal(batch_norm(call), c.output("y_eval"), values);
}

TEST(BatchNormGoldenTest, GroupsEqualTheSplitBatchNormOfTheReleasedCode) {
  if (!golden::find_golden_folder()) GTEST_SKIP() << "no golden files";
  golden::Tally tally("nets.h5, batch norm by groups");
  for (const auto& c : golden::read_cases("nets.h5")) {
    if (!c.has_param("splits")) {
      tally.skip("another network");
      continue;
    }
    SCOPED_TRACE(c.where());
    for (const auto dtype : {at::kDouble, at::kFloat}) {
      SCOPED_TRACE(dtype);
      check_case(c, dtype);
    }
    tally.check();
  }
  EXPECT_GT(tally.checked(), 0);
}

}  // namespace
}  // namespace kith::host::test
