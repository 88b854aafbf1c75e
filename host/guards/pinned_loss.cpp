// SPDX-License-Identifier: Apache-2.0
#include "guards/pinned_loss.h"

#include <fmt/format.h>

#include <cmath>

namespace kith::host {

/// Of the chance value: how far is still at it. Equal rows are at it but for rounding.
constexpr double kNear = 0.005;

std::optional<std::string> PinnedLoss::see(std::int64_t step, double value, double chance) {
  if (!(std::abs(value - chance) <= kNear * std::abs(chance))) {
    since_.reset();
    return std::nullopt;
  }
  if (!since_) since_ = step;
  if (told_ || step - *since_ < patience_) return std::nullopt;
  told_ = true;
  return fmt::format(
      "pinned at {:.4f} from step {} to step {}, where chance is {:.4f} (all candidates look "
      "alike): nothing is learnt; try a lower temperature, another optimizer.base_lr, or look "
      "whether the views of an image still show the same thing",
      value, *since_, step, chance);
}

}  // namespace kith::host
