// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.h"

namespace kith::host {

/// The `count` images of train that are trained on, as evenly over the classes as there are images.
///
/// An image's number is the first 8 bytes, big-endian, of the SHA-256 of the text "<seed>/<name>".
/// The images of each class are ranked by it, and taken by rank, then by number: the first of every
/// class, then the second of every class, and so on. Without labels all are one class, and so are
/// samples that have none. So a smaller count takes a part of what a larger one takes, and another
/// seed others.
///
/// @param count  >= 1.
/// @returns      indices in train, rising.
/// @throws ConfigError if train has fewer images.
std::vector<std::int64_t> choose_train_images(const Dataset& dataset, std::int64_t count,
                                              std::uint64_t seed);

}  // namespace kith::host
