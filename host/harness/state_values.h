// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/harness.hpp>
#include <string>

#include "model/job.h"

namespace kith::harness {

/// The parameter or buffer with this name. @throws ConfigError with the nearest name.
at::Tensor& find_tensor(host::State& state, const std::string& name);

/// Fills a tensor in place. @throws ShapeError for another shape.
void fill(at::Tensor& tensor, const Values& values, const std::string& name);

/// Gradients that have arrived, by names without the prefix.
Named gradients_of(host::State& state, const std::string& prefix = "");

void clear_gradients(host::State& state);

}  // namespace kith::harness
