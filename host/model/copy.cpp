// SPDX-License-Identifier: Apache-2.0
#include "model/copy.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <kith/error.hpp>

#include "model/job.h"
#include "model/state.h"
#include "train/schedule.h"

namespace kith::host {

void Copy::pair(State& state) {
  const auto own = copy->prefix + ".";
  const auto other = source->prefix + ".";
  const auto counterpart = [&](const std::string& name) { return other + name.substr(own.size()); };
  std::size_t paired = 0, wanted = 0;
  for (auto& p : state.parameters()) {
    wanted += p.name.starts_with(other) ? 1 : 0;
    if (!p.name.starts_with(own)) continue;
    auto* from = state.find_parameter(counterpart(p.name));
    if (from == nullptr || from->value.sizes() != p.value.sizes())
      throw PluginError("copy: '" + p.name + "' has no equal in '" + source->prefix + "'");
    ++paired;
    p.is_copy = true;
    p.value.requires_grad_(false);
    parameters.emplace_back(from, &p);
  }
  if (paired != wanted)
    throw PluginError("copy: '" + copy->prefix + "' has " + std::to_string(paired) +
                      " parameters, '" + source->prefix + "' has " + std::to_string(wanted));
  for (auto& b : state.buffers()) {
    if (!b.name.starts_with(own)) continue;
    auto* from = state.find_buffer(counterpart(b.name));
    if (from == nullptr || from->value.sizes() != b.value.sizes())
      throw PluginError("copy: '" + b.name + "' has no equal in '" + source->prefix + "'");
    buffers.emplace_back(from, &b);
  }
}

void Copy::begin() const {
  const at::NoGradGuard no_grad;
  for (const auto& [from, to] : parameters) to->value.copy_(from->value);
  for (const auto& [from, to] : buffers) to->value.copy_(from->value);
}

void Copy::move(double m) const {
  const at::NoGradGuard no_grad;
  for (const auto& [from, to] : parameters) to->value.mul_(m).add_(from->value, 1 - m);
  if (rule.buffers == KITH_BUFFERS_OWN) return;
  for (const auto& [from, to] : buffers) {
    if (rule.buffers == KITH_BUFFERS_AVERAGED && to->value.is_floating_point())
      to->value.mul_(m).add_(from->value, 1 - m);
    else
      to->value.copy_(from->value);
  }
}

double schedule_value(const kith_schedule& s, const kith_progress& p) {
  const auto t = static_cast<double>(p.step);
  const auto duration = static_cast<double>(std::max<std::int64_t>(p.steps, 1));
  switch (s.kind) {
    case KITH_SCHEDULE_COSINE:
      return cosine_between(s.start, s.end, t, duration);
    case KITH_SCHEDULE_LINEAR:
      return linear_between(s.start, s.end, t, duration);
    default:
      return s.start;
  }
}

}  // namespace kith::host
