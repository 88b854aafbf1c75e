// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "guards/guard.h"

namespace kith::host {

/// A copy (teacher, key encoder, target) that never moves, or that equals its student although its
/// ema_momentum is above 0.
///
/// Each copy is judged once, at the first look by which the learning rate was above 0, and
/// something of its source was trained, for 50 steps. Tensors are compared by their sums, in
/// float64: no second copy is held. Buffers do not count.
class TeacherGuard : public Guard {
 public:
  std::vector<std::string> look(const Look& look) override;

 private:
  struct Watch {
    bool judged = false;
    std::optional<std::int64_t> since;  // the first look of those with a learning rate above 0
    at::Tensor sums;                    // float64 [tensors], of that look
  };
  static std::string judge(const Copy& copy, const Watch& watch, const Look& look);

  std::vector<Watch> watches_;  // by copy of the job
};

}  // namespace kith::host
