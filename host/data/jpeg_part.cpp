// SPDX-License-Identifier: Apache-2.0
#include "data/jpeg_part.h"

#include <cstdio>  // before jpeglib.h, which needs FILE and includes nothing
// clang-format off
#include <jpeglib.h>
// clang-format on

#include <algorithm>

namespace kith::host::detail {
namespace {

/// Where a picture has fewer samples of colour than pixels, a pixel is made of two neighbouring
/// ones, and at the end of what is decoded of one alone. Two samples cover at most 4 pixels.
constexpr int kMargin = 4;

}  // namespace

void go_to_part(jpeg_decompress_struct& info, ImagePart& part) {
  const int left = std::max(part.left - kMargin, 0);
  const int right = std::min(part.right() + kMargin, static_cast<int>(info.output_width));
  auto first = static_cast<JDIMENSION>(left), count = static_cast<JDIMENSION>(right - left);
  jpeg_crop_scanline(&info, &first, &count);  // moves them to where a block begins
  const int bottom = part.bottom(), top = std::max(part.top - kMargin, 0);
  const auto skipped = static_cast<int>(jpeg_skip_scanlines(&info, static_cast<JDIMENSION>(top)));
  part = {skipped, static_cast<int>(first), bottom - skipped, static_cast<int>(count)};
}

}  // namespace kith::host::detail
