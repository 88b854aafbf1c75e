// SPDX-License-Identifier: Apache-2.0
#include "data/sampler.h"

#include <kith/random.hpp>
#include <numeric>
#include <span>

namespace kith::host {

std::vector<std::int64_t> epoch_order(std::int64_t size, std::uint64_t seed, std::int64_t epoch) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  DrawKey key;
  key.seed = seed;
  key.purpose = DrawPurpose::kOrder;
  key.epoch = static_cast<std::uint32_t>(epoch);
  Draw draw(key, "order");
  draw.shuffle(std::span(order));
  return order;
}

}  // namespace kith::host
