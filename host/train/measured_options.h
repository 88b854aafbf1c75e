// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/experiment.h"
#include "data/dataset.h"

namespace kith::host {

/// Fills in the options of plugins whose values are measured on train (OptionValue::measured),
/// so that they are numbers like any other from here on: "channel_mean" and "channel_std", by
/// channel over all pixels of train's images as they are stored, v / 255; val is not in it. The
/// images are gone through once, and only where something is to be measured.
/// @returns  a sentence with the numbers for a person; empty if nothing was measured.
/// @throws ConfigError  if a plugin asks for a measure that this host does not know.
/// @throws DataError    as Dataset::decode.
std::string measure_options(Experiment& experiment, const Dataset& dataset);

}  // namespace kith::host
