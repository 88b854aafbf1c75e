// SPDX-License-Identifier: Apache-2.0
#include "small_augmentations.h"

#include <algorithm>

namespace kith::testing {

const kith_host* small_host() {
  struct LastError {
    std::int32_t kind = KITH_ERROR_GENERAL;
    std::string text;
  };
  static thread_local LastError last;
  static const kith_host host{
      sizeof(kith_host), 1, [](const char*, std::uint32_t) -> const void* { return nullptr; },
      [](std::int32_t kind, kith_text text) { last = {kind, std::string(text.data, text.size)}; },
      [](std::int32_t* kind) {
        *kind = last.kind;
        return kith_text{last.text.data(), last.text.size()};
      }};
  detail::host_pointer = &host;
  return &host;
}

void RowMaximum::apply(ViewPixels view) const {
  for (std::uint32_t c = 0; c < view.channels(); ++c)
    for (std::size_t y = 0; y < view.height(); ++y) {
      float* row = view.plane(c).data() + y * view.width();
      std::copy(row, row + view.width(), view.scratch());
      for (std::size_t x = 1; x < view.width(); ++x)
        row[x] = std::max(row[x - 1], view.scratch()[x]);
    }
}

void UpsideDown::apply(ViewPixels from, ViewPixels to) const {
  for (std::uint32_t c = 0; c < from.channels(); ++c)
    for (std::size_t y = 0; y < from.height(); ++y) {
      const float* row = from.plane(c).data() + y * from.width();
      std::copy(row, row + from.width(),
                to.plane(c).data() + (from.height() - 1 - y) * from.width());
    }
}

}  // namespace kith::testing
