// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "data/dataset.h"

namespace kith::host {

/// Mean and standard deviation of the values v / 255 of each channel, over all pixels of all images
/// of a split; large images count for more than small ones.
struct ChannelStatistics {
  std::vector<double> mean, std;
};

/// Sums are whole numbers, so the result is the same on any number of threads.
/// @throws DataError  as Dataset::decode, and if all pixels of a channel are equal.
ChannelStatistics channel_statistics(const Dataset& dataset, Split split, int threads);

}  // namespace kith::host
