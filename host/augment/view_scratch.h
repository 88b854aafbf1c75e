// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "augment/augmentation.h"
#include "augment/axis_taps.h"
#include "augment/drawn_view.h"
#include "augment/geometry.h"
#include "augment/resample.h"

namespace kith::host {

/// One pass of an augmentation over the view.
struct ViewStep {
  const Augmentation* augmentation = nullptr;
  const double* values = nullptr;
  std::uint32_t pass = 0;
  bool wants_mean_grey = false;

  bool is_pixel() const { return augmentation->stage() == AugmentationStage::kPixel; }
};

/// Memory of one thread that makes views. Grows to what is needed and stays; one object serves any
/// number of pipelines in turn.
struct ViewScratch {
  DrawnView drawn;
  GeometryComposer composer;
  AxisTaps x_taps, y_taps;
  ResampleScratch resample;
  std::vector<std::uint8_t> level_grid;  ///< what is turned, pillow8
  std::vector<float> value_grid;         ///< what is turned, float
  std::vector<std::uint8_t> levels;      ///< the sampled view, pillow8: [height, width, channels]
  std::vector<float> planes;             ///< the view, where the output cannot hold it
  std::vector<float> other_planes;       ///< what an image stage reads
  std::vector<float> filter;             ///< lent to filters
  std::vector<ViewStep> steps;
  /// Looks whether an augmentation writes beyond its scratch space, and the one that wrote beyond
  /// the view: for a dry run. Costs time.
  bool guarded = false;
};

}  // namespace kith::host
