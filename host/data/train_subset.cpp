// SPDX-License-Identifier: Apache-2.0
#include "data/train_subset.h"

#include <algorithm>
#include <kith/error.hpp>
#include <map>
#include <string>
#include <tuple>

#include "data/file_bytes.h"

namespace kith::host {
namespace {

struct Candidate {
  std::int64_t rank = 0;  ///< within its class
  std::uint64_t number = 0;
  std::int64_t index = 0;

  bool operator<(const Candidate& other) const {
    return std::tie(rank, number, index) < std::tie(other.rank, other.number, other.index);
  }
};

}  // namespace

std::vector<std::int64_t> choose_train_images(const Dataset& dataset, std::int64_t count,
                                              std::uint64_t seed) {
  const auto size = dataset.size(Split::kTrain);
  if (count > size)
    throw ConfigError("data.train_images: must be at most the " + std::to_string(size) +
                      " images of train in '" + dataset.path().string() + "', got " +
                      std::to_string(count));
  std::map<std::int64_t, std::vector<Candidate>> by_class;
  for (std::int64_t i = 0; i < size; ++i) {
    const auto text = std::to_string(seed) + "/" + dataset.name(Split::kTrain, i);
    by_class[dataset.label(Split::kTrain, i)].push_back({0, sha256_prefix(text), i});
  }
  std::vector<Candidate> all;
  for (auto& [label, candidates] : by_class) {
    std::sort(candidates.begin(), candidates.end());
    for (std::size_t i = 0; i < candidates.size(); ++i)
      candidates[i].rank = static_cast<std::int64_t>(i);
    all.insert(all.end(), candidates.begin(), candidates.end());
  }
  std::sort(all.begin(), all.end());
  std::vector<std::int64_t> chosen;
  for (std::int64_t i = 0; i < count; ++i) chosen.push_back(all[static_cast<std::size_t>(i)].index);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace kith::host
