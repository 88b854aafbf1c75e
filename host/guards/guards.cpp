// SPDX-License-Identifier: Apache-2.0
#include "guards/guards.h"

#include <cmath>
#include <kith/error.hpp>
#include <nlohmann/json.hpp>
#include <utility>

#include "guards/collapse_guard.h"
#include "guards/dimension_guard.h"
#include "guards/pinned_loss_guard.h"
#include "guards/teacher_guard.h"

namespace kith::host {

Guards::Guards(const GuardsConfig& config, std::int64_t steps, FeatureChoice evaluated)
    : config_(config), steps_(steps) {
  guards_.push_back(std::make_unique<CollapseGuard>(std::move(evaluated)));
  guards_.push_back(std::make_unique<DimensionGuard>());
  guards_.push_back(std::make_unique<PinnedLossGuard>());
  guards_.push_back(std::make_unique<TeacherGuard>());
}

bool Guards::due(std::int64_t step) const {
  return step == 1 || step == steps_ || step % config_.every_steps == 0;
}

std::string Guards::first_step() const {
  auto known = nlohmann::json::object();
  for (const auto& guard : guards_)
    if (const auto* first = guard->first_step())
      for (const auto& [whose, value] : first->values)
        if (std::isfinite(value)) known[first->guard][whose] = value;  // JSON has no others
  return known.dump();
}

void Guards::recall_first_step(const std::string& json) {
  const auto known = nlohmann::json::parse(json);
  for (const auto& guard : guards_)
    if (auto* first = guard->first_step(); first != nullptr && known.contains(first->guard))
      first->values = known[first->guard].get<std::map<std::string, double>>();
}

void Guards::look(const Look& look, const std::function<void(const std::string&)>& warn) {
  for (const auto& guard : guards_) {
    for (const auto& text : guard->look(look)) {
      if (config_.fatal) throw Error(text + " (guards.fatal = true: the run stops here)");
      if (warn) warn(text);
    }
  }
}

}  // namespace kith::host
