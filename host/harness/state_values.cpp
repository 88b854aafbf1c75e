// SPDX-License-Identifier: Apache-2.0
#include "harness/state_values.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <kith/error.hpp>

#include "harness/values.h"
#include "plugin/nearest_name.h"

namespace kith::harness {

at::Tensor& find_tensor(host::State& state, const std::string& name) {
  if (auto* parameter = state.find_parameter(name)) return parameter->value;
  if (auto* buffer = state.find_buffer(name)) return buffer->value;
  std::vector<std::string> names;
  for (const auto& p : state.parameters()) names.push_back(p.name);
  for (const auto& b : state.buffers()) names.push_back(b.name);
  const auto nearest = host::nearest_name(name, names);
  throw ConfigError("harness: no parameter or buffer '" + name + "'" +
                    (nearest ? "; did you mean '" + *nearest + "'?" : ""));
}

void fill(at::Tensor& tensor, const Values& values, const std::string& name) {
  if (tensor.sizes() != at::IntArrayRef(values.shape))
    throw ShapeError("harness: '" + name + "' must be " + c10::str(tensor.sizes()) + ", got " +
                     c10::str(at::IntArrayRef(values.shape)));
  const at::NoGradGuard no_grad;
  tensor.copy_(to_tensor(values, at::kDouble));
}

Named gradients_of(host::State& state, const std::string& prefix) {
  Named gradients;
  for (const auto& p : state.parameters())
    if (p.name.starts_with(prefix) && p.value.grad().defined())
      gradients[p.name.substr(prefix.size())] = to_values(p.value.grad());
  return gradients;
}

void clear_gradients(host::State& state) {
  for (auto& p : state.parameters()) p.value.mutable_grad() = at::Tensor();
}

}  // namespace kith::harness
