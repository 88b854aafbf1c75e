// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "data/dataset.h"
#include "data/loader.h"

namespace kith::host {

/// How many samples are handed out in an epoch, the last partial batch included.
std::int64_t sample_count(const Dataset& dataset, const LoaderSettings& settings);

/// @throws ConfigError or DataError if a loader cannot be made of this.
void check_loader_settings(const Dataset& dataset, const LoaderSettings& settings);

}  // namespace kith::host
