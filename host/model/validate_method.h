// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "model/job.h"
#include "model/plugin_object.h"

namespace kith::host {

/// Asks a method whether its options fit together and fit the run. Nothing of it is made.
/// @param batch_size    images of a step, of all ranks
/// @param train_images  that training takes
/// @throws ConfigError with the method's words if they do not.
void validate_method(const PluginObject& method, std::int64_t batch_size,
                     std::int64_t train_images);

/// @throws ConfigError if the batch does not divide into the batch-norm groups of the job's
/// networks.
void require_whole_groups(const Job& job, std::int64_t batch_size);

}  // namespace kith::host
