// SPDX-License-Identifier: Apache-2.0
#include "data/decoded_cache.h"

#include <algorithm>
#include <utility>

namespace kith::host {

DecodedCache::DecodedCache(std::unique_ptr<SplitSource> source) : source_(std::move(source)) {
  const std::int64_t count = source_->size();
  std::size_t bytes = 0;
  offsets_.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    offsets_.push_back(bytes);
    bytes += source_->image_size(i).bytes();
  }
  // Not initialised: the system gives pages when they are first written.
  pixels_.reset(new std::uint8_t[bytes]);
  states_ = std::make_unique<std::atomic<std::uint8_t>[]>(static_cast<std::size_t>(count));
}

void DecodedCache::decode(std::int64_t index, Image& out) const {
  const auto i = static_cast<std::size_t>(index);
  std::uint8_t* kept = pixels_.get() + offsets_[i];
  if (states_[i].load(std::memory_order_acquire) == kThere) {
    out.resize(source_->image_size(index));
    std::copy_n(kept, out.pixels.size(), out.pixels.data());
    return;
  }
  source_->decode(index, out);
  std::uint8_t absent = kAbsent;
  if (states_[i].compare_exchange_strong(absent, kBeingWritten, std::memory_order_acq_rel)) {
    std::copy(out.pixels.begin(), out.pixels.end(), kept);
    states_[i].store(kThere, std::memory_order_release);
  }
}

}  // namespace kith::host
