// SPDX-License-Identifier: Apache-2.0
#include "data/channel_statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <kith/error.hpp>
#include <mutex>
#include <string>

#include "data/parallel.h"

namespace kith::host {

namespace {

/// How often each level stands in a channel: no sum is too large, and none is rounded.
using Levels = std::array<std::uint64_t, 256>;

std::vector<Levels> count_levels(const Dataset& dataset, Split split, int threads) {
  constexpr std::int64_t kImages = 64;  // that one thread counts at a time
  const auto channels = static_cast<std::size_t>(dataset.channels());
  const std::int64_t size = dataset.size(split);
  std::vector<Levels> counts(channels, Levels{});
  std::mutex mutex;
  parallel_for((size + kImages - 1) / kImages, threads, [&](std::int64_t piece) {
    std::vector<Levels> own(channels, Levels{});
    Image image;
    for (std::int64_t i = piece * kImages; i < std::min(size, (piece + 1) * kImages); ++i) {
      dataset.decode(split, i, image);
      for (std::size_t p = 0; p < image.pixels.size(); p += channels) {
        for (std::size_t c = 0; c < channels; ++c) ++own[c][image.pixels[p + c]];
      }
    }
    const std::lock_guard lock(mutex);
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t level = 0; level < own[c].size(); ++level) {
        counts[c][level] += own[c][level];
      }
    }
  });
  return counts;
}

}  // namespace

ChannelStatistics channel_statistics(const Dataset& dataset, Split split, int threads) {
  ChannelStatistics statistics;
  for (const Levels& levels : count_levels(dataset, split, threads)) {
    double pixels = 0, sum = 0, squares = 0;
    for (std::size_t level = 0; level < levels.size(); ++level) {
      const auto count = static_cast<double>(levels[level]);
      pixels += count;
      sum += count * static_cast<double>(level);
    }
    const double mean = sum / pixels;
    for (std::size_t level = 0; level < levels.size(); ++level) {
      const double away = static_cast<double>(level) - mean;
      squares += static_cast<double>(levels[level]) * away * away;
    }
    if (squares == 0) {
      throw DataError("data: '" + dataset.path().string() +
                      "': no standard deviation to measure: all pixels of channel " +
                      std::to_string(statistics.mean.size()) + " of " +
                      std::string(split_name(split)) + " are equal");
    }
    statistics.mean.push_back(mean / 255);
    statistics.std.push_back(std::sqrt(squares / pixels) / 255);
  }
  return statistics;
}

}  // namespace kith::host
