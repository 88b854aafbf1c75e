// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

namespace at {
class Tensor;
}

namespace kith::host {

/// Scales the gradients of all parameters in place by one number, so that their common Euclidean
/// norm is at most `max_norm`: min(1, max_norm / (norm + 1e-6)). Nothing is read back from the
/// device. A norm that is not finite makes the gradients not finite; the caller looks at the loss.
/// [train thread]
///
/// @param parameters  those with no gradient are passed over; all on one device.
/// @param max_norm    > 0.
/// @returns           0-d tensor, the norm before scaling; 0 if there is no gradient.
at::Tensor clip_gradient_norm(const std::vector<at::Tensor>& parameters, double max_norm);

}  // namespace kith::host
