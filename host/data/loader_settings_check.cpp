// SPDX-License-Identifier: Apache-2.0
#include "data/loader_settings_check.h"

#include <kith/error.hpp>
#include <string>

namespace kith::host {

std::int64_t sample_count(const Dataset& dataset, const LoaderSettings& s) {
  return s.chosen.empty() ? dataset.size(s.split) : static_cast<std::int64_t>(s.chosen.size());
}

void check_loader_settings(const Dataset& dataset, const LoaderSettings& s) {
  const std::int64_t size = sample_count(dataset, s);
  const std::string split(split_name(s.split));
  if (s.batch_size < 1 || s.threads < 1 || s.prefetch < 1) {
    throw ConfigError("loader: batch_size, threads and prefetch must be at least 1, got " +
                      std::to_string(s.batch_size) + ", " + std::to_string(s.threads) + ", " +
                      std::to_string(s.prefetch));
  }
  if (size == 0) throw DataError("loader: " + split + " has no image");
  static_cast<void>(dataset.label(s.split, 0));  // throws if test has not been opened
  if (s.shuffle && s.batch_size > size) {
    throw DataError("loader: batch_size must be at most the " + std::to_string(size) +
                    " images of " + split + ", got " + std::to_string(s.batch_size));
  }
}

}  // namespace kith::host
