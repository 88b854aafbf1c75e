// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/ranks.h"

namespace kith::host {

/// Replaces each gradient by its mean over ranks, so that all ranks take the same step. A parameter
/// without a gradient is left alone; it has none on every rank, since all run the same graph.
void average_gradients(const std::vector<at::Tensor>& parameters, Communicator& ranks);

}  // namespace kith::host
