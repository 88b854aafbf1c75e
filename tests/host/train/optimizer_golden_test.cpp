// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "device.h"
#include "golden/golden_file.h"
#include "train/optimizer.h"

namespace kith::host {
namespace {

using golden::Case;

/// MoCo v3's and DINO's LARS are the same rule; solo-learn's is LARC with exemptions.
const std::map<std::string, OptimizerKind>& forms() {
  static const std::map<std::string, OptimizerKind> map{
      {"sgd", OptimizerKind::kSgd},        {"adam", OptimizerKind::kAdam},
      {"adamw", OptimizerKind::kAdamW},    {"lars_mocov3", OptimizerKind::kLars},
      {"lars_dino", OptimizerKind::kLars}, {"lars_simclr", OptimizerKind::kLars},
      {"larc", OptimizerKind::kLarc},      {"lars_solo", OptimizerKind::kLarc},
  };
  return map;
}

OptimizerSpec spec_of(const Case& c) {
  OptimizerSpec spec;
  spec.kind = forms().at(c.text("optimizer"));
  auto read = [&](const char* name, double& value) {
    if (c.has_param(name)) value = c.real(name);
  };
  read("weight_decay", spec.weight_decay);
  read("momentum", spec.sgd_momentum);
  read("beta1", spec.beta1);
  read("beta2", spec.beta2);
  read("eps", spec.eps);
  read("trust", spec.trust);
  const auto is_set = [&](const char* name) { return c.has_param(name) && c.integer(name) != 0; };
  spec.nesterov = is_set("nesterov");
  spec.clip = is_set("clip");
  if (c.has_param("classic"))
    spec.lars_form = is_set("classic") ? LarsForm::kClassic : LarsForm::kAdaptedLast;
  return spec;
}

at::Tensor tensor_of(const golden::Array& array, at::ScalarType dtype) {
  return at::tensor(array.reals(), at::kDouble).reshape(array.shape()).to(test::on_device(dtype));
}

std::vector<double> values_of(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().cpu().to(at::kDouble).contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

std::string numbered(const char* prefix, std::int64_t tensor, std::int64_t step) {
  return prefix + std::to_string(tensor) + "_s" + std::to_string(step);
}

void expect_same_steps(const Case& c, at::ScalarType dtype, golden::Tolerance tolerance) {
  const OptimizerSpec spec = spec_of(c);
  const auto optimizer = make_optimizer(spec);
  const std::int64_t tensors = c.integer("tensors"), steps = c.integer("steps");
  std::vector<at::Tensor> parameters;
  for (std::int64_t i = 0; i < tensors; ++i) {
    parameters.push_back(tensor_of(c.input("p" + std::to_string(i)), dtype));
    ParameterTreatment treatment;
    // In the LARS codes one-dimensional tensors neither decay nor adapt.
    const bool exempts = c.has_param("exclude_1d") ? c.integer("exclude_1d") != 0
                                                   : spec.kind == OptimizerKind::kLars;
    if (exempts) treatment.adapts = treatment.decays = parameters.back().dim() > 1;
    optimizer->add_parameter("p" + std::to_string(i), parameters.back(), treatment);
  }
  const std::vector<double> rates = c.reals("lr");
  const std::vector<std::int64_t> has_gradient = c.input("has_grad").integers();
  for (std::int64_t s = 0; s < steps; ++s) {
    optimizer->clear_gradients();
    for (std::int64_t i = 0; i < tensors; ++i) {
      if (has_gradient[std::size_t(s * tensors + i)] == 0) continue;
      parameters[std::size_t(i)].mutable_grad() = tensor_of(c.input(numbered("grad", i, s)), dtype);
    }
    optimizer->step(rates[std::size_t(s)], /*base_lr=*/0);
    for (std::int64_t i = 0; i < tensors; ++i) {
      EXPECT_EQ(golden::find_difference(values_of(parameters[std::size_t(i)]),
                                        c.output(numbered("p", i, s)).reals(), tolerance),
                "")
          << "tensor " << i << " after step " << s;
    }
  }
}

void walk(at::ScalarType dtype, golden::Tolerance tolerance) {
  if (!golden::find_golden_folder()) GTEST_SKIP() << "no golden files";
  golden::Tally tally("optim.h5, " + std::string(at::toString(dtype)));
  const std::vector<Case> cases = golden::read_cases("optim.h5");
  for (const Case& c : cases) {
    SCOPED_TRACE(c.where());
    if (forms().count(c.text("optimizer")) == 0) {
      tally.skip("'" + c.text("optimizer") + "' is a form that Kith has not");
      continue;
    }
    expect_same_steps(c, dtype, tolerance);
    tally.check();
  }
  EXPECT_GT(tally.checked(), 0);
  EXPECT_EQ(std::size_t(tally.checked()), cases.size()) << "some are skipped; today none is";
}

TEST(OptimizerGoldenTest, EqualsThePublishedOptimisersInFloat64) {
  walk(at::kDouble, golden::kFloat64);
}

TEST(OptimizerGoldenTest, EqualsThePublishedOptimisersInFloat32) {
  walk(at::kFloat, golden::kFloat32);
}

}  // namespace
}  // namespace kith::host
