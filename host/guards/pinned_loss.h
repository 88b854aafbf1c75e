// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace kith::host {

/// Sees whether a loss stays where it would be if all candidates looked alike: ln K of K
/// candidates.
class PinnedLoss {
 public:
  /// Tells after this many steps; a network may need some to leave its first values.
  explicit PinnedLoss(std::int64_t patience) : patience_(patience) {}

  /// The value after `step` steps, in ascending order. What is wrong and what to try, once.
  std::optional<std::string> see(std::int64_t step, double value, double chance);

 private:
  std::int64_t patience_;
  std::optional<std::int64_t> since_;  // the first step of those near chance
  bool told_ = false;
};

}  // namespace kith::host
