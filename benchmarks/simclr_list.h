// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "shipped_augmentation.h"

namespace kith::benchmarks {

/// SimCLR's list with colours of full strength (arXiv 2002.05709, App. A), and the blur of PIL that
/// its successors run.
inline std::vector<host::AugmentationUse> simclr_list() {
  using testing::load_augmentation;
  const testing::Settings jitter = {
      {"brightness", {0.8}}, {"contrast", {0.8}}, {"saturation", {0.8}}, {"hue", {0.2}}};
  return {{load_augmentation("random_resized_crop", {{"area", {0.08, 1.0}}}), 1},
          {load_augmentation("flip"), 0.5},
          {load_augmentation("colour_jitter", jitter), 0.8},
          {load_augmentation("grayscale"), 0.2},
          {load_augmentation("gaussian_blur"), 0.5}};
}

}  // namespace kith::benchmarks
