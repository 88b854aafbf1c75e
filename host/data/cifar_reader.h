// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "data/on_problem.h"
#include "data/source.h"

namespace kith::host {

/// Opens CIFAR-10's binary version (Krizhevsky, "Learning Multiple Layers of Features from Tiny
/// Images", 2009): data_batch_1.bin, data_batch_2.bin, ... one after the other, without a gap, and
/// test_batch.bin, which may be absent. A record is a label byte and 32 x 32 bytes each of red,
/// green and blue. Class names are the lines of batches.meta.txt, or without it the numbers 0 to 9.
///
/// Images stay in memory as they are in the files. The test part is only read when it is opened;
/// its size is checked here.
/// @param channels  0 means 3; else 1 or 3.
/// @param on_problem  unless empty: told of each file that is absent or has no whole number of
///                    records, which is passed over, and of each label that is no class.
/// @throws DataError  for the first of these; with `on_problem`, if the folder is absent.
Source open_cifar10(const std::filesystem::path& folder, int channels,
                    const OnProblem& on_problem = {});

/// CIFAR-100: train.bin and test.bin, whose records begin with two label bytes, the coarse one (20
/// classes) and the fine one (100). Class names are those of coarse_label_names.txt and
/// fine_label_names.txt. Else as open_cifar10.
Source open_cifar100(const std::filesystem::path& folder, bool coarse_labels, int channels,
                     const OnProblem& on_problem = {});

}  // namespace kith::host
