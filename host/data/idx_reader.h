// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "data/on_problem.h"
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
/// @param on_problem  unless empty: told of each file that is absent or damaged, which is passed
///                    over, of files that do not fit together and of each label that is no class.
/// @throws DataError  for the first of these; with `on_problem`, if the folder is absent.
Source open_idx(const std::filesystem::path& folder, int channels,
                const OnProblem& on_problem = {});

}  // namespace kith::host
