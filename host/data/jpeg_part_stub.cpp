// SPDX-License-Identifier: Apache-2.0
//
// For a libjpeg that can't leave out columns or rows: whole rows, from the first on.
#include <cstdio>  // before jpeglib.h, which needs FILE and includes nothing
// clang-format off
#include <jpeglib.h>
// clang-format on

#include "data/jpeg_part.h"

namespace kith::host::detail {

void go_to_part(jpeg_decompress_struct& info, ImagePart& part) {
  part = {0, 0, part.bottom(), static_cast<int>(info.output_width)};
}

}  // namespace kith::host::detail
