// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace kith::host {

/// The order of the samples [0, size) in an epoch: a random permutation that depends on nothing
/// but (size, seed, epoch). Fisher-Yates with the draw {seed, purpose kOrder, epoch} named "order".
std::vector<std::int64_t> epoch_order(std::int64_t size, std::uint64_t seed, std::int64_t epoch);

}  // namespace kith::host
