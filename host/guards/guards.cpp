// SPDX-License-Identifier: Apache-2.0
#include "guards/guards.h"

#include <kith/error.hpp>
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

void Guards::look(const Look& look, const std::function<void(const std::string&)>& warn) {
  for (const auto& guard : guards_) {
    for (const auto& text : guard->look(look)) {
      if (config_.fatal) throw Error(text + " (guards.fatal = true: the run stops here)");
      if (warn) warn(text);
    }
  }
}

}  // namespace kith::host
