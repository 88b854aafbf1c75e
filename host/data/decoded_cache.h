// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/source.h"

namespace kith::host {

/// Keeps each image of a source after its first decoding. Memory is taken as images come in.
class DecodedCache : public SplitSource {
 public:
  explicit DecodedCache(std::unique_ptr<SplitSource> source);

  std::int64_t size() const override { return source_->size(); }
  std::string name(std::int64_t index) const override { return source_->name(index); }
  std::int64_t label(std::int64_t index) const override { return source_->label(index); }
  ImageSize image_size(std::int64_t index) const override { return source_->image_size(index); }
  void decode(std::int64_t index, Image& out) const override;
  void open(std::int64_t num_classes) override { source_->open(num_classes); }
  bool in_memory() const override { return true; }
  bool always_decodes() const override { return source_->always_decodes(); }
  std::size_t decoded_bytes(std::size_t limit) const override {
    return source_->decoded_bytes(limit);
  }

 private:
  enum State : std::uint8_t { kAbsent, kBeingWritten, kThere };

  std::unique_ptr<SplitSource> source_;
  std::vector<std::size_t> offsets_;  ///< By sample: its first byte in `pixels_`.
  std::unique_ptr<std::uint8_t[]> pixels_;
  std::unique_ptr<std::atomic<std::uint8_t>[]> states_;
};

}  // namespace kith::host
