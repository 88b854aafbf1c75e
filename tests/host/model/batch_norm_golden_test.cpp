// SPDX-License-Identifier: Apache-2.0
//
// Batch norm by groups against the authors' split batch norm (MoCo's CIFAR notebook).
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "golden/golden_file.h"
#include "model/batch_norm.h"

namespace kith::host::test {
namespace {

at::Tensor tensor(const golden::Array& array) {
  return at::tensor(array.reals(), at::kDouble).view(array.shape());
}

void expect_equal(const at::Tensor& actual, const golden::Array& expected) {
  const auto flat = actual.detach().contiguous().view({-1});
  const std::vector<double> numbers(flat.data_ptr<double>(),
                                    flat.data_ptr<double>() + flat.numel());
  EXPECT_EQ(golden::find_difference(numbers, expected.reals(), golden::kFloat64), "");
}

void check_case(const golden::Case& c) {
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
    expect_equal(y, c.output("y" + step));
    expect_equal(call.input.grad(), c.output("grad_x" + step));
    expect_equal(call.weight.grad(), c.output("grad_weight" + step));
    expect_equal(call.bias.grad(), c.output("grad_bias" + step));
  }
  expect_equal(call.running_mean, c.output("state_running_mean"));
  expect_equal(call.running_var, c.output("state_running_var"));
  call.training = call.update = false;
  call.input = tensor(c.input("x_eval"));
  expect_equal(batch_norm(call), c.output("y_eval"));
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
    check_case(c);
    tally.check();
  }
  EXPECT_GT(tally.checked(), 0);
}

}  // namespace
}  // namespace kith::host::test
