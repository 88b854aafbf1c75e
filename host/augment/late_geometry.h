// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "augment/geometry.h"
#include "augment/view_scratch.h"
#include "augment/view_spec.h"

namespace kith::host {

/// Geometry of a view that has been sampled already: what stands behind a pixel, filter or image
/// augmentation. It knows the view's pixels alone.
class LateGeometry {
 public:
  using Planes = std::array<float*, KITH_MAX_CHANNELS>;

  /// @param planes  the view, one plane a channel: whole levels 0 to 255 (pillow8), else v / 255
  LateGeometry(const ViewSpec& spec, ViewScratch& scratch, const Planes& planes);

  /// @throws PluginError  if the view would have another size, or a box is taken and turned at once
  void run(const ViewStep& step);

 private:
  bool is_pillow8() const { return spec_.arithmetic == Arithmetic::kPillow8; }
  void crop(const GeometryPlan& plan);
  void flip(bool horizontal, bool vertical);
  void transpose_planes();
  void turn(const GeometryPlan& plan);

  const ViewSpec& spec_;
  ViewScratch& scratch_;
  const Planes& planes_;
  std::size_t channels_;
};

}  // namespace kith::host
