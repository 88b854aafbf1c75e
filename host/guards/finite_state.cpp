// SPDX-License-Identifier: Apache-2.0
#include "guards/finite_state.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>
#include <kith/error.hpp>
#include <set>

namespace kith::host {

void require_finite_state(const std::map<std::string, TensorSnapshot>& state, const Job& job,
                          std::int64_t step) {
  std::set<std::string> buffers;
  for (const auto& buffer : job.state().buffers()) buffers.insert(buffer.name);
  for (const auto& [name, saved] : state) {
    const auto& value = saved.cpu;
    // A probe that diverges is no fault of the run that it looks at.
    if (!value.is_floating_point() || name.starts_with(kOnlineProbeState)) continue;
    const bool buffer = buffers.contains(name);
    // NaN and infinity go through a sum; most tensors need no more.
    if (std::isfinite(value.sum().item<double>())) continue;
    const auto wrong = buffer ? value.isnan() : value.isfinite().logical_not();
    const auto count = wrong.sum().item<std::int64_t>();
    if (count == 0) continue;
    throw Error(fmt::format(
        "training: '{}' is not finite after {} steps ({} of its {} numbers), though loss and "
        "gradients were; no checkpoint is written of it: go on from the one before with kith run "
        "--resume, or begin anew with a lower optimizer.base_lr",
        name, step, count, value.numel()));
  }
}

}  // namespace kith::host
