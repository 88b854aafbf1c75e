// SPDX-License-Identifier: Apache-2.0
#include "guards/loss_rows.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace kith::host {

at::Tensor unit_rows(const at::Tensor& rows) {
  const at::NoGradGuard no_grad;
  const auto flat = rows.detach().flatten(1).to(at::kFloat);
  return flat / flat.norm(2, {1}, true).clamp_min(1e-12);
}

bool can_be_judged(const at::Tensor& rows) {
  return rows.defined() && rows.is_floating_point() && rows.dim() == 2 && rows.size(0) > 1 &&
         rows.size(1) > 1;
}

namespace {

std::map<std::string, at::Tensor> head_rows(const Job& job) {
  std::map<std::string, at::Tensor> rows;
  if (job.method_plugin()->has_fact("needs", "labels")) return rows;
  for (const auto& [name, given] : job.seen_of_heads())
    if (can_be_judged(given)) rows["the rows that the head '" + name + "' gives"] = given;
  return rows;
}

}  // namespace

std::map<std::string, at::Tensor> loss_rows(const Job& job) {
  if (job.losses().empty()) return head_rows(job);
  std::map<std::string, at::Tensor> rows;
  for (const auto& loss : job.losses()) {
    const bool any_unit =
        std::any_of(loss.inputs.begin(), loss.inputs.end(), [](const WatchedInput& input) {
          return input.gradient && input.unit_rows && can_be_judged(input.value);
        });
    for (const auto& input : loss.inputs)
      if (input.gradient && input.unit_rows == any_unit && can_be_judged(input.value))
        rows["the rows '" + input.name + "' that enter the loss " + loss.plugin->metadata.id] =
            input.value;
  }
  return rows;
}

}  // namespace kith::host
