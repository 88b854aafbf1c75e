// SPDX-License-Identifier: Apache-2.0
#include "data/damaged_images.h"

#include <algorithm>
#include <kith/error.hpp>
#include <mutex>

#include "data/parallel.h"

namespace kith::host {

std::vector<DamagedImage> find_damaged(const SplitSource& source,
                                       const std::vector<std::int64_t>& indices, int threads,
                                       const std::function<void(std::int64_t)>& progress) {
  constexpr std::int64_t kEvery = 256;
  std::vector<DamagedImage> damaged;
  if (source.always_decodes()) return damaged;
  std::mutex mutex;
  std::int64_t done = 0;
  parallel_for(static_cast<std::int64_t>(indices.size()), threads, [&](std::int64_t i) {
    thread_local Image image;
    const std::int64_t index = indices[static_cast<std::size_t>(i)];
    std::string reason;
    try {
      source.decode(index, image);
    } catch (const DataError& error) {
      reason = error.what();
    }
    const std::lock_guard lock(mutex);
    if (!reason.empty()) damaged.push_back({index, std::move(reason)});
    if (++done % kEvery == 0 && progress) progress(done);
  });
  std::sort(damaged.begin(), damaged.end(),
            [](const DamagedImage& a, const DamagedImage& b) { return a.index < b.index; });
  return damaged;
}

}  // namespace kith::host
