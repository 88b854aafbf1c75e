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

Threads resolve_threads(std::int64_t tensor, std::int64_t loader, std::int64_t cores, bool gpu) {
  const auto quarter = std::max<std::int64_t>(1, cores / 4);
  const auto rest = std::max<std::int64_t>(1, cores - quarter);
  Threads t{tensor, loader};
  if (t.tensor == 0 && t.loader == 0) {
    t = gpu ? Threads{quarter, rest} : Threads{rest, quarter};
  } else if (t.tensor == 0) {
    t.tensor = std::max<std::int64_t>(1, cores - t.loader);
  } else if (t.loader == 0) {
    t.loader = std::max<std::int64_t>(1, cores - t.tensor);
  }
  if (t.tensor + t.loader > std::max<std::int64_t>(cores, 2))
    throw ConfigError("train: tensor_threads and loader_threads together must not exceed the " +
                      std::to_string(cores) + " cores, got " + std::to_string(t.tensor) + " and " +
                      std::to_string(t.loader));
  return t;
}

}  // namespace kith::host
