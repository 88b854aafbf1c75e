// SPDX-License-Identifier: Apache-2.0
//
// One side of benchmarks/optimizers.py: the optimisers of the host on parameters of given shapes.
#include <ATen/ATen.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "border_benchmarks.h"
#include "pairs.h"
#include "train/optimizer.h"

namespace kith::benchmarks {
namespace {

constexpr int kCompared = 3;  // steps before the parameters are written

/// The settings that optimizers.py has, too.
host::OptimizerSpec spec_of(const std::string& kind) {
  host::OptimizerSpec spec;
  if (kind == "sgd") {
    spec.kind = host::OptimizerKind::kSgd;
    spec.weight_decay = 1e-4;
  } else if (kind == "adamw") {
    spec.kind = host::OptimizerKind::kAdamW;
    spec.weight_decay = 1e-2;
  } else if (kind == "lars") {
    spec.kind = host::OptimizerKind::kLars;
    spec.weight_decay = 1e-6;
  } else {
    throw std::runtime_error("optimizer: no kind '" + kind + "'");
  }
  return spec;
}

/// Numbers in [-0.05, 0.05) that optimizers.py makes, too.
at::Tensor numbers(const std::vector<std::int64_t>& shape, std::uint32_t salt) {
  auto out = at::empty(shape);
  auto* x = out.data_ptr<float>();
  for (std::int64_t i = 0; i < out.numel(); ++i) {
    const auto hash = static_cast<std::uint32_t>(i) * 2654435761U + salt * 40503U;
    x[i] = static_cast<float>((hash / 4294967296.0 - 0.5) * 0.1);
  }
  return out;
}

/// A shape a line: "64 3 7 7".
std::vector<std::vector<std::int64_t>> read_shapes(std::istream& in) {
  std::vector<std::vector<std::int64_t>> shapes;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    auto& shape = shapes.emplace_back();
    for (std::int64_t size = 0; words >> size;) shape.push_back(size);
  }
  return shapes;
}

}  // namespace

int run_optimizer(const std::string& kind, int steps, const std::string& file) {
  const auto optimizer = host::make_optimizer(spec_of(kind));
  // In memory in the order in which a run makes them: parameters, state, gradients.
  std::vector<at::Tensor> parameters;
  for (const auto& shape : read_shapes(std::cin))
    parameters.push_back(
        numbers(shape, static_cast<std::uint32_t>(parameters.size())).requires_grad_(true));
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    host::ParameterTreatment treatment;
    if (kind == "lars") treatment.adapts = treatment.decays = parameters[i].dim() > 1;
    optimizer->add_parameter("p" + std::to_string(i), parameters[i], treatment);
  }
  for (std::size_t i = 0; i < parameters.size(); ++i)
    parameters[i].mutable_grad() =
        numbers(parameters[i].sizes().vec(), static_cast<std::uint32_t>(i) + 1000);
  const auto step = [&] { optimizer->step(/*learning_rate=*/1e-3, /*base_lr=*/1e-3); };
  for (int i = 0; i < kCompared; ++i) step();
  std::ofstream out(file, std::ios::binary);
  for (const auto& p : parameters)
    out.write(reinterpret_cast<const char*>(p.const_data_ptr<float>()),
              static_cast<std::streamsize>(p.numel() * static_cast<std::int64_t>(sizeof(float))));
  if (!out.flush()) throw std::runtime_error("optimizer: cannot write " + file);

  std::vector<double> took;
  for (int i = 0; i < steps; ++i) took.push_back(time_of(step).cpu);
  std::printf("%.9g\n", median(took));
  return 0;
}

}  // namespace kith::benchmarks
