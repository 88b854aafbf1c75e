// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "guards/guard.h"
#include "guards/pinned_loss.h"

namespace kith::host {

/// A loss that stays where it tells nothing apart: that of a method and of each loss plugin that
/// has a chance value, for as many steps as PinnedLoss waits: 100, and an epoch at least.
class PinnedLossGuard : public Guard {
 public:
  std::vector<std::string> look(const Look& look) override;

 private:
  /// A value that is watched: its uninformative value is declared by whoever computes it.
  struct Declared {
    std::string who;
    double value = 0, chance = 0;
  };
  static std::vector<Declared> declared(const Look& look);

  std::map<std::string, PinnedLoss> watches_;  // by who
};

}  // namespace kith::host
