// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/abi/augmentation.h>

#include <array>
#include <vector>

#include "augment/axis_taps.h"

namespace kith::host {

/// (x, y) -> (xx x + xy y + x0, yx x + yy y + y0); px, pixel i covers [i, i + 1).
struct AffineMap {
  double xx = 1, xy = 0, x0 = 0;
  double yx = 0, yy = 1, y0 = 0;

  /// First `inner`, then this.
  AffineMap after(const AffineMap& inner) const;
};

/// From a view's pixels to where they come from, for one step of geometry.
AffineMap inverse_of(const kith_geometry& step);

/// All geometry of a view as one sampling of the source.
struct GeometryPlan {
  Axis x, y;  ///< of the source; without rotation: the whole of it; with: of the grid that is then
              ///< turned
  ResizeFilter filter = ResizeFilter::kBilinear;
  int height = 0, width = 0;  ///< px of the result
  /// Without rotation: what `x` and `y` make has its rows and columns exchanged at the end.
  bool transposed = false;

  bool rotated = false;
  /// With rotation: size of the grid, which part of it `x` and `y` make (the rest is `fill`), and
  /// where in it the pixels of the result lie.
  int grid_height = 0, grid_width = 0, grid_top = 0, grid_left = 0;
  AffineMap to_grid;
  double fill = 0;  ///< level 0 to 255
};

/// Composes steps of geometry, so that the picture is sampled once.
///
/// Boxes, flips and quarter turns compose exactly: a crop of a crop is a crop, a crop after a
/// resize makes only the pixels that are kept, a flip costs nothing, and a quarter turn is a flip
/// and an exchange of rows and columns. A resize of a resize samples the source once, with the last
/// one's filter.
///
/// With a rotation the picture is first resampled, antialiased, along the source's axes: the part
/// that the turned view covers, at the view's scale. This grid is then read bilinearly at the
/// turned positions. So a rotation may stand before or behind a crop. Pixels outside the crop but
/// inside the picture are used where the turned view reaches them; what lies outside the picture is
/// `fill`.
class GeometryComposer {
 public:
  void start(int height, int width);
  /// The size of the picture so far; what a step refers to.
  int height() const { return height_; }
  int width() const { return width_; }
  /// The step that changes nothing, for a plugin to fill in.
  kith_geometry neutral_step(int view_height, int view_width) const;
  /// @throws PluginError  if the box leaves the picture or a size is below 1; `who` names the
  /// plugin.
  void add(const kith_geometry& step, const char* who);
  GeometryPlan plan() const;

 private:
  void add_to_axis(Axis& axis, double start, double size, int out);
  void add_quarter_turns(int count);
  /// The source's axis that lies across the picture so far, and the one that goes down it.
  Axis& across() { return transposed_ ? y_ : x_; }
  Axis& down() { return transposed_ ? x_ : y_; }
  GeometryPlan plan_rotated() const;

  int source_height_ = 0, source_width_ = 0;
  int height_ = 0, width_ = 0;
  bool rotated_ = false, transposed_ = false;
  double fill_ = 0;
  ResizeFilter filter_ = ResizeFilter::kBilinear;
  Axis x_, y_;
  AffineMap to_source_;
};

}  // namespace kith::host
