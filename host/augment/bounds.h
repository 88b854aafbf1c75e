// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "augment/view_pipeline.h"

namespace kith::host {

/// Makes a few views of noise with guard words around the memory that augmentations write, so that
/// one that writes beyond its view is refused before it can overwrite anything. An augmentation of
/// a probability above 0 is always applied.
///
/// @throws PluginError  naming the first augmentation of the list that writes beyond the view or
///                      its scratch space; what an augmentation throws.
void require_within_bounds(const ViewPipeline& pipeline);

}  // namespace kith::host
