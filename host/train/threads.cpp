// SPDX-License-Identifier: Apache-2.0
#include "train/threads.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <kith/error.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

namespace kith::host {
namespace {

std::int64_t given_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1U, std::thread::hardware_concurrency());
}

/// What KITH_CORES gives this process.
std::optional<std::int64_t> share_of_cores() {
  const char* text = std::getenv("KITH_CORES");
  if (text == nullptr || *text == '\0') return std::nullopt;
  const std::string_view digits(text);
  std::int64_t cores = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), cores);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || cores < 1)
    throw ConfigError("KITH_CORES: must be an integer >= 1, got '" + std::string(digits) + "'");
  return cores;
}

}  // namespace

std::int64_t usable_cores() {
  const auto given = given_cores();
  const auto share = share_of_cores();
  if (share && *share > given)
    throw ConfigError("KITH_CORES: must be at most the " + std::to_string(given) +
                      " cores that the system gives this process, got " + std::to_string(*share));
  return share.value_or(given);
}

int startup_threads(std::int64_t cores) {
  return static_cast<int>(std::clamp<std::int64_t>(cores, 1, 8));
}

int startup_threads(const TrainConfig& train) {
  return startup_threads(train.tensor_threads.value_or(1) + train.loader_threads.value_or(0));
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
