// SPDX-License-Identifier: Apache-2.0
#include "guards/pinned_loss_guard.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace kith::host {

std::vector<PinnedLossGuard::Declared> PinnedLossGuard::declared(const Look& look) {
  const auto& job = look.job;
  std::vector<Declared> all;
  if (const auto chance = job.method_chance_value())
    all.push_back({"the loss of '" + job.method_plugin()->metadata.id + "'",
                   look.loss.item<double>(), *chance});
  std::map<std::string, int> seen;
  for (const auto& loss : job.losses()) {
    auto who = "loss '" + loss.plugin->metadata.id + "'";
    if (const auto n = ++seen[who]; n > 1) who += " (number " + std::to_string(n) + ")";
    if (loss.chance_value && loss.value.defined())
      all.push_back({who, loss.value.item<double>(), *loss.chance_value});
  }
  return all;
}

std::vector<std::string> PinnedLossGuard::look(const Look& look) {
  const auto patience = std::max<std::int64_t>(100, look.job.progress().steps_per_epoch);
  std::vector<std::string> texts;
  for (const auto& each : declared(look)) {
    auto& watch = watches_.try_emplace(each.who, patience).first->second;
    if (const auto text = watch.see(look.step, each.value, each.chance))
      texts.push_back(each.who + ": " + *text);
  }
  return texts;
}

}  // namespace kith::host
