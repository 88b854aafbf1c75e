// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/source.h"

namespace kith::host {

/// An image that does not decode.
struct DamagedImage {
  std::int64_t index;  ///< In its source.
  std::string reason;  ///< What decode threw.
};

/// Decodes images of a source on `threads` threads and returns those that fail, in rising order.
/// @param indices   which; rising.
/// @param progress  unless empty: called now and then with the number of images that are done, one
///                  call at a time. [any thread]
std::vector<DamagedImage> find_damaged(
    const SplitSource& source, const std::vector<std::int64_t>& indices, int threads,
    const std::function<void(std::int64_t done)>& progress = nullptr);

}  // namespace kith::host
