// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "shipped_augmentation.h"

namespace kith::benchmarks {

/// MoCo v2's list, with the blur that arXiv 2003.04297 adds.
inline std::vector<host::AugmentationUse> moco_list() {
  using testing::load_augmentation;
  const testing::Settings jitter = {
      {"brightness", {0.4}}, {"contrast", {0.4}}, {"saturation", {0.4}}, {"hue", {0.1}}};
  return {{load_augmentation("random_resized_crop", {{"area", {0.2, 1.0}}}), 1},
          {load_augmentation("flip"), 0.5},
          {load_augmentation("colour_jitter", jitter), 0.8},
          {load_augmentation("grayscale"), 0.2},
          {load_augmentation("gaussian_blur"), 0.5},
          {load_augmentation("normalise"), 1}};
}

}  // namespace kith::benchmarks
