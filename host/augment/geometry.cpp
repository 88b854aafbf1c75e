// SPDX-License-Identifier: Apache-2.0
#include "augment/geometry.h"

#include <algorithm>
#include <cmath>
#include <kith/error.hpp>
#include <numbers>
#include <string>

namespace kith::host {
namespace {

Axis whole_axis(int size) {
  return {.box_start = 0,
          .box_size = static_cast<double>(size),
          .low = 0,
          .high = size,
          .out_size = size,
          .first = 0,
          .count = size,
          .mirrored = false};
}

void require_valid(const kith_geometry& step, const char* who) {
  const bool inside = step.box_top >= 0 && step.box_left >= 0 && step.box_height > 0 &&
                      step.box_width > 0 &&
                      step.box_top + step.box_height <= static_cast<double>(step.height) &&
                      step.box_left + step.box_width <= static_cast<double>(step.width);
  if (!inside)
    throw PluginError(
        std::string(who) + ": the box must lie inside the image of " + std::to_string(step.height) +
        " x " + std::to_string(step.width) + " px, got top " + std::to_string(step.box_top) +
        ", left " + std::to_string(step.box_left) + ", height " + std::to_string(step.box_height) +
        ", width " + std::to_string(step.box_width));
  constexpr std::int64_t kLargest = 1 << 16;
  if (step.out_height < 1 || step.out_width < 1 || step.out_height > kLargest ||
      step.out_width > kLargest)
    throw PluginError(std::string(who) + ": the result must have 1 to 65536 px a side, got " +
                      std::to_string(step.out_height) + " x " + std::to_string(step.out_width));
  if (step.quarter_turns < 0 || step.quarter_turns > 3)
    throw PluginError(std::string(who) + ": quarter_turns must be 0, 1, 2 or 3, got " +
                      std::to_string(step.quarter_turns));
  if (!std::isfinite(step.angle))
    throw PluginError(std::string(who) + ": the angle must be finite");
}

/// The part of an axis that lies inside the source, of a grid of `size` pixels from `start` on,
/// each `scale` source pixels wide. The grid's first pixel is pixel 0 of the axis.
Axis grid_axis(double start, double scale, int size, int source) {
  Axis axis{.box_start = start,
            .box_size = scale * size,
            .low = 0,
            .high = source,
            .out_size = size,
            .first = 0,
            .count = 0,
            .mirrored = false};
  const auto centre_inside = [&](int i) {
    const double centre = start + (i + 0.5) * scale;
    return centre >= 0 && centre < source;
  };
  while (axis.first < size && !centre_inside(axis.first)) ++axis.first;
  while (axis.first + axis.count < size && centre_inside(axis.first + axis.count)) ++axis.count;
  return axis;
}

/// From the pixels of a turned picture to those of the picture, which has this size.
AffineMap inverse_quarter_turns(int count, double width, double height) {
  switch (count) {
    case 1:
      return {.xx = 0, .xy = -1, .x0 = width, .yx = 1, .yy = 0, .y0 = 0};
    case 2:
      return {.xx = -1, .xy = 0, .x0 = width, .yx = 0, .yy = -1, .y0 = height};
    case 3:
      return {.xx = 0, .xy = 1, .x0 = 0, .yx = -1, .yy = 0, .y0 = height};
    default:
      return {};
  }
}

}  // namespace

AffineMap AffineMap::after(const AffineMap& inner) const {
  return {.xx = xx * inner.xx + xy * inner.yx,
          .xy = xx * inner.xy + xy * inner.yy,
          .x0 = xx * inner.x0 + xy * inner.y0 + x0,
          .yx = yx * inner.xx + yy * inner.yx,
          .yy = yx * inner.xy + yy * inner.yy,
          .y0 = yx * inner.x0 + yy * inner.y0 + y0};
}

AffineMap inverse_of(const kith_geometry& step) {
  const auto w = static_cast<double>(step.out_width), h = static_cast<double>(step.out_height);
  const bool odd = step.quarter_turns % 2 != 0;
  const double turned_w = odd ? h : w, turned_h = odd ? w : h;
  const double radians = step.angle * std::numbers::pi / 180;
  const double c = std::cos(radians), s = std::sin(radians);
  const AffineMap turn{.xx = c,
                       .xy = -s,
                       .x0 = turned_w / 2 - c * turned_w / 2 + s * turned_h / 2,
                       .yx = s,
                       .yy = c,
                       .y0 = turned_h / 2 - s * turned_w / 2 - c * turned_h / 2};
  const AffineMap flip{.xx = step.flip_horizontal != 0 ? -1.0 : 1.0,
                       .xy = 0,
                       .x0 = step.flip_horizontal != 0 ? w : 0,
                       .yx = 0,
                       .yy = step.flip_vertical != 0 ? -1.0 : 1.0,
                       .y0 = step.flip_vertical != 0 ? h : 0};
  const AffineMap box{.xx = step.box_width / w,
                      .xy = 0,
                      .x0 = step.box_left,
                      .yx = 0,
                      .yy = step.box_height / h,
                      .y0 = step.box_top};
  return box.after(flip).after(inverse_quarter_turns(step.quarter_turns, w, h)).after(turn);
}

void GeometryComposer::start(int height, int width) {
  source_height_ = height_ = height;
  source_width_ = width_ = width;
  rotated_ = transposed_ = false;
  fill_ = 0;
  filter_ = ResizeFilter::kBilinear;
  x_ = whole_axis(width);
  y_ = whole_axis(height);
  to_source_ = {};
}

kith_geometry GeometryComposer::neutral_step(int view_height, int view_width) const {
  kith_geometry step{};
  step.struct_size = sizeof(kith_geometry);
  step.filter = KITH_RESIZE_BILINEAR;
  step.height = height_;
  step.width = width_;
  step.view_height = view_height;
  step.view_width = view_width;
  step.box_height = height_;
  step.box_width = width_;
  step.out_height = height_;
  step.out_width = width_;
  step.fill = fill_;
  return step;
}

void GeometryComposer::add_to_axis(Axis& axis, double start, double size, int out) {
  if (axis.mirrored) start = axis.count - (start + size);
  if (size == out && start == std::floor(start)) {  // a crop without a resize
    axis.first += static_cast<int>(start);
    axis.count = out;
    return;
  }
  const double scale = axis.box_size / axis.out_size;
  axis.box_start += (axis.first + start) * scale;
  axis.box_size = size * scale;
  axis.low = std::max(axis.low, static_cast<int>(std::floor(axis.box_start)));
  axis.high = std::min(axis.high, static_cast<int>(std::ceil(axis.box_start + axis.box_size)));
  axis.out_size = axis.count = out;
  axis.first = 0;
}

void GeometryComposer::add(const kith_geometry& step, const char* who) {
  require_valid(step, who);
  const auto out_height = static_cast<int>(step.out_height);
  const auto out_width = static_cast<int>(step.out_width);
  if (step.box_height != out_height || step.box_width != out_width)
    filter_ = step.filter == KITH_RESIZE_BICUBIC ? ResizeFilter::kBicubic : ResizeFilter::kBilinear;
  add_to_axis(across(), step.box_left, step.box_width, out_width);
  add_to_axis(down(), step.box_top, step.box_height, out_height);
  across().mirrored ^= step.flip_horizontal != 0;
  down().mirrored ^= step.flip_vertical != 0;
  add_quarter_turns(step.quarter_turns);
  to_source_ = to_source_.after(inverse_of(step));
  if (step.angle != 0) {
    rotated_ = true;
    fill_ = step.fill;
  }
  const bool odd = step.quarter_turns % 2 != 0;
  height_ = odd ? out_width : out_height;
  width_ = odd ? out_height : out_width;
}

void GeometryComposer::add_quarter_turns(int count) {
  if (count >= 2) {  // a half turn
    x_.mirrored ^= true;
    y_.mirrored ^= true;
  }
  if (count % 2 == 0) return;
  transposed_ ^= true;
  down().mirrored ^= true;  // what was on the right comes to the top
}

GeometryPlan GeometryComposer::plan() const {
  if (rotated_) return plan_rotated();
  GeometryPlan plan;
  plan.x = x_;
  plan.y = y_;
  plan.transposed = transposed_;
  plan.filter = filter_;
  plan.height = height_;
  plan.width = width_;
  return plan;
}

GeometryPlan GeometryComposer::plan_rotated() const {
  const AffineMap& m = to_source_;
  // Source pixels for one pixel of the grid: with a resize before the turn, that resize's scale.
  const double scale_x = std::hypot(m.xx, m.xy), scale_y = std::hypot(m.yx, m.yy);
  // Positions in grid pixels, laid so that without a turn they would be the view's own.
  const double centre_x = m.xx * width_ / 2 + m.xy * height_ / 2 + m.x0;
  const double centre_y = m.yx * width_ / 2 + m.yy * height_ / 2 + m.y0;
  AffineMap to_grid{.xx = m.xx / scale_x,
                    .xy = m.xy / scale_x,
                    .x0 = 0,
                    .yx = m.yx / scale_y,
                    .yy = m.yy / scale_y,
                    .y0 = 0};
  to_grid.x0 = width_ / 2.0 - to_grid.xx * width_ / 2 - to_grid.xy * height_ / 2;
  to_grid.y0 = height_ / 2.0 - to_grid.yx * width_ / 2 - to_grid.yy * height_ / 2;

  // Half the reach of the outermost pixel centres, and one more pixel for the bilinear reading.
  const double reach_x =
      (std::abs(to_grid.xx) * (width_ - 1) + std::abs(to_grid.xy) * (height_ - 1)) / 2;
  const double reach_y =
      (std::abs(to_grid.yx) * (width_ - 1) + std::abs(to_grid.yy) * (height_ - 1)) / 2;
  const int left = static_cast<int>(std::floor(width_ / 2.0 - reach_x - 0.5)) - 1;
  const int top = static_cast<int>(std::floor(height_ / 2.0 - reach_y - 0.5)) - 1;
  const int right = static_cast<int>(std::ceil(width_ / 2.0 + reach_x + 0.5)) + 1;
  const int bottom = static_cast<int>(std::ceil(height_ / 2.0 + reach_y + 0.5)) + 1;

  GeometryPlan plan;
  plan.rotated = true;
  plan.filter = filter_;
  plan.fill = fill_;
  plan.height = height_;
  plan.width = width_;
  plan.grid_height = bottom - top;
  plan.grid_width = right - left;
  plan.x = grid_axis(centre_x + (left - width_ / 2.0) * scale_x, scale_x, plan.grid_width,
                     source_width_);
  plan.y = grid_axis(centre_y + (top - height_ / 2.0) * scale_y, scale_y, plan.grid_height,
                     source_height_);
  plan.grid_left = plan.x.first;
  plan.grid_top = plan.y.first;
  to_grid.x0 -= left;
  to_grid.y0 -= top;
  plan.to_grid = to_grid;
  return plan;
}

}  // namespace kith::host
