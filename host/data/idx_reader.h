// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "data/source.h"

namespace kith::host {

/// Opens a folder of IDX files, as MNIST's: PREFIX-images-idx3-ubyte (images [N, H, W] of grey, or
/// idx4 and [N, H, W, C] with C 1 or 3) and PREFIX-labels-idx1-ubyte, each packed as .gz or not;
/// "images.idx3-ubyte" is found as well. PREFIX is "train", and "t10k" or "test" for the test part,
/// which may be absent. Labels may be absent, from both parts. A plain file goes before a packed
/// one.
///
/// Images stay in memory unpacked. The test part is only read when it is opened; the headers of
/// its files are checked here. Classes have their number as name.
/// @param channels  0: as the file has them; else 1 or 3.
/// @throws DataError if a file is absent or damaged, or the files do not fit together.
Source open_idx(const std::filesystem::path& folder, int channels);

}  // namespace kith::host
