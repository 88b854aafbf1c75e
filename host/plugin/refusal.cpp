// SPDX-License-Identifier: Apache-2.0
#include "plugin/refusal.h"

namespace kith::host {

std::string Refusal::text() const {
  return "KITH-" + std::to_string(static_cast<int>(code)) + " " + what + "\n  plugin : " + plugin +
         "\n  host   : " + host + "\n  do     : " + todo;
}

}  // namespace kith::host
