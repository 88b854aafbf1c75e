// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "conformance/check.h"

namespace kith::conformance {

/// The gradient of each parameter against central differences of the loss, in float64. What has no
/// gradient where it is used stays as it was (harness/held_constants.h).
void has_the_gradient_of_its_loss(const Subject& s, Findings& f);

}  // namespace kith::conformance
