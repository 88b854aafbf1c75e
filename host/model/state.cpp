// SPDX-License-Identifier: Apache-2.0
#include "model/state.h"

#include <ATen/ATen.h>

#include <kith/error.hpp>

namespace kith::host {

Parameter& State::add_parameter(Parameter parameter) {
  if (find_parameter(parameter.name) != nullptr || find_buffer(parameter.name) != nullptr)
    throw PluginError("'" + parameter.name + "' is declared twice");
  parameter.sizes = parameter.value.sizes().vec();
  parameters_.push_back(std::move(parameter));
  parameter_of_[parameters_.back().name] = &parameters_.back();
  return parameters_.back();
}

Buffer& State::add_buffer(Buffer buffer) {
  if (find_parameter(buffer.name) != nullptr || find_buffer(buffer.name) != nullptr)
    throw PluginError("'" + buffer.name + "' is declared twice");
  buffer.sizes = buffer.value.sizes().vec();
  buffers_.push_back(std::move(buffer));
  buffer_of_[buffers_.back().name] = &buffers_.back();
  return buffers_.back();
}

Parameter* State::find_parameter(const std::string& name) {
  const auto found = parameter_of_.find(name);
  return found == parameter_of_.end() ? nullptr : found->second;
}

Buffer* State::find_buffer(const std::string& name) {
  const auto found = buffer_of_.find(name);
  return found == buffer_of_.end() ? nullptr : found->second;
}

void State::require_declared_shapes(const std::string& who) const {
  const auto require = [&](const auto& tensor) {
    const at::IntArrayRef declared(tensor.sizes);
    if (tensor.value.sizes() != declared)
      throw ShapeError(who + ": '" + tensor.name +
                       "' must keep the shape that it was declared with, " + c10::str(declared) +
                       ", got " + c10::str(tensor.value.sizes()));
  };
  for (const auto& p : parameters_) require(p);
  for (const auto& b : buffers_) require(b);
}

std::int64_t State::count(const std::string& prefix) const {
  std::int64_t n = 0;
  for (const auto& p : parameters_)
    if (!p.is_copy && p.name.starts_with(prefix)) n += p.value.numel();
  return n;
}

}  // namespace kith::host
