// SPDX-License-Identifier: Apache-2.0
#include "train/resume_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <kith/error.hpp>
#include <string_view>

#include "config/config_node.h"
#include "config/overrides.h"

namespace kith::host {
namespace {

constexpr std::array<std::string_view, 6> kMayChange = {
    "data.path",      "data.train_path",      "data.val_path",
    "data.test_path", "train.loader_threads", "guards.fatal"};

}  // namespace

void check_resume_overrides(const std::vector<std::string>& overrides) {
  for (const auto& text : overrides) {
    std::string key;
    if (const auto keys = override_keys(text))
      for (const auto& part : *keys) key = join_keys(key, part);
    else
      key = text;
    if (std::find(kMayChange.begin(), kMayChange.end(), key) != kMayChange.end()) continue;
    throw ConfigError(fmt::format(
        "resume: --set {}: a run goes on with the settings that it began with{}; only data.path "
        "(train_path, val_path, test_path), train.loader_threads and guards.fatal may change. For "
        "another setting begin a new run",
        key,
        key == "train.tensor_threads" ? " (another count of threads gives other numbers)" : ""));
  }
}

Threads resume_threads(const TrainConfig& train, std::int64_t cores, std::string& warning) {
  const auto tensor = train.tensor_threads.value_or(cores);
  const auto left = std::max<std::int64_t>(0, cores - tensor);
  if (tensor > cores)
    warning = fmt::format(
        "the run began with {} tensor threads and goes on with as many on {} cores, slower: "
        "another count would give other numbers",
        tensor, cores);
  return {tensor, std::min(train.loader_threads.value_or(left), left)};
}

}  // namespace kith::host
