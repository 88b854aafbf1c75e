// SPDX-License-Identifier: Apache-2.0
#include "train/threads.h"

#include <sched.h>

#include <algorithm>
#include <kith/error.hpp>
#include <string>
#include <thread>

namespace kith::host {

std::int64_t usable_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1U, std::thread::hardware_concurrency());
}

Threads resolve_threads(std::optional<std::int64_t> tensor, std::optional<std::int64_t> loader,
                        std::int64_t cores, bool gpu) {
  const auto quarter = cores / 4, computing = std::max<std::int64_t>(1, quarter);
  Threads t = gpu ? Threads{computing, cores - computing} : Threads{cores - quarter, quarter};
  if (tensor) {
    t = {*tensor, loader.value_or(std::max<std::int64_t>(0, cores - *tensor))};
  } else if (loader) {
    t = {std::max<std::int64_t>(1, cores - *loader), *loader};
  }
  if (t.tensor + t.loader > cores)
    throw ConfigError("train: tensor_threads and loader_threads together must not exceed the " +
                      std::to_string(cores) + " cores, got " + std::to_string(t.tensor) + " and " +
                      std::to_string(t.loader));
  return t;
}

Threads resolve_threads(TrainConfig& train, bool gpu) {
  const auto threads =
      resolve_threads(train.tensor_threads, train.loader_threads, usable_cores(), gpu);
  train.tensor_threads = threads.tensor;
  train.loader_threads = threads.loader;
  return threads;
}

}  // namespace kith::host
