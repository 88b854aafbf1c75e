// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <kith/error.hpp>
#include <string>
#include <vector>

#include "data/loader.h"
#include "data/parallel.h"

namespace kith::host {

void for_each_image(const Dataset& dataset, Split split, std::int64_t batch, int threads,
                    const std::function<void(std::int64_t, std::span<const Image>)>& visit) {
  if (batch < 1 || threads < 1) {
    throw ConfigError("data: batch and threads must be at least 1, got " + std::to_string(batch) +
                      ", " + std::to_string(threads));
  }
  const std::int64_t size = dataset.size(split);
  std::vector<Image> images(static_cast<std::size_t>(std::min(batch, size)));
  for (std::int64_t first = 0; first < size; first += batch) {
    const std::int64_t count = std::min(batch, size - first);
    parallel_for(count, threads, [&](std::int64_t i) {
      dataset.decode(split, first + i, images[static_cast<std::size_t>(i)]);
    });
    visit(first, std::span<const Image>(images).first(static_cast<std::size_t>(count)));
  }
}

}  // namespace kith::host
