// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "data/image_part.h"

struct jpeg_decompress_struct;

namespace kith::host::detail {

/// After the decompression has started and before the first row is read: leaves out columns and
/// skips rows that `part` does not need, but for those that make its pixels equal those of a whole
/// decoding. `part`, which lies within the picture, becomes what the rows that come hold.
void go_to_part(jpeg_decompress_struct& info, ImagePart& part);

}  // namespace kith::host::detail
