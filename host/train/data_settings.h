// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/experiment.h"
#include "data/dataset.h"

namespace kith::host {

/// What the table [data] says, for those who open the data set.
DatasetSettings dataset_settings(const DataConfig& data);

/// The images that were left out from `first` on, for a person: how many, and why each was, the
/// first ten. Empty text if there are none.
std::string left_out_text(const Dataset& dataset, std::size_t first = 0);

}  // namespace kith::host
