// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace kith::host {

/// Calls `body(i)` for i in [0, count), in rising order of starts, on `threads` threads (the
/// caller's is one of them). What the lowest failing i throws is thrown here, whatever the number
/// of threads; later ones may then not have run.
void parallel_for(std::int64_t count, int threads, const std::function<void(std::int64_t)>& body);

}  // namespace kith::host
