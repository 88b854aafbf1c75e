// SPDX-License-Identifier: Apache-2.0
#include "augment/late_geometry.h"

#include <algorithm>
#include <cmath>
#include <kith/error.hpp>
#include <string>

#include "augment/pixel_loops.h"
#include "augment/resample.h"
#include "augment/transpose.h"
#include "augment/warp.h"

namespace kith::host {
namespace {

bool takes_all(const kith_geometry& step) {
  return step.box_top == 0 && step.box_left == 0 && step.box_height == step.height &&
         step.box_width == step.width && step.out_height == step.height &&
         step.out_width == step.width;
}

bool turns(const kith_geometry& step) { return step.quarter_turns != 0 || step.angle != 0; }

std::string size_text(std::int64_t height, std::int64_t width) {
  return std::to_string(height) + " x " + std::to_string(width) + " px";
}

}  // namespace

LateGeometry::LateGeometry(const ViewSpec& spec, ViewScratch& scratch, const Planes& planes)
    : spec_(spec),
      scratch_(scratch),
      planes_(planes),
      channels_(static_cast<std::size_t>(spec.channels)) {}

void LateGeometry::run(const ViewStep& step) {
  const std::string& name = step.augmentation->name();
  const auto refuse = [&](const std::string& what) {
    throw PluginError(name + ": " + what +
                      ", which must come before any pixel, filter or image augmentation; move it "
                      "up");
  };
  GeometryComposer& composer = scratch_.composer;
  composer.start(spec_.height, spec_.width);
  kith_geometry geometry = composer.neutral_step(spec_.height, spec_.width);
  step.augmentation->geometry(step.values, geometry);
  const bool crops = !takes_all(geometry);
  if (crops && turns(geometry)) refuse("takes a box of the view and turns it");
  composer.add(geometry, name.c_str());
  if (composer.height() != spec_.height || composer.width() != spec_.width)
    refuse((crops ? "makes " + size_text(composer.height(), composer.width())
                  : std::string("makes a quarter turn")) +
           " of a view of " + size_text(spec_.height, spec_.width));
  const GeometryPlan plan = composer.plan();
  if (plan.rotated) {
    turn(plan);
  } else if (crops) {
    crop(plan);
  } else {
    flip(plan.x.mirrored, plan.y.mirrored);
    if (plan.transposed) transpose_planes();
  }
}

void LateGeometry::crop(const GeometryPlan& plan) {
  scratch_.x_taps.compute(plan.x, plan.filter);
  scratch_.y_taps.compute(plan.y, plan.filter);
  const std::size_t pixels = spec_.pixels();
  if (!is_pillow8()) {
    for (std::size_t c = 0; c < channels_; ++c) {
      scratch_.value_grid.assign(planes_[c], planes_[c] + pixels);
      resample_plane(scratch_.value_grid.data(), spec_.width, scratch_.x_taps, scratch_.y_taps,
                     planes_[c], scratch_.resample);
    }
    return;
  }
  scratch_.level_grid.resize(spec_.floats());
  scratch_.levels.resize(spec_.floats());
  for (std::size_t i = 0; i < pixels; ++i)
    for (std::size_t c = 0; c < channels_; ++c)
      scratch_.level_grid[i * channels_ + c] = static_cast<std::uint8_t>(planes_[c][i]);
  resample_levels({scratch_.level_grid.data(), spec_.height, spec_.width, spec_.channels},
                  scratch_.x_taps, scratch_.y_taps, scratch_.levels.data(),
                  static_cast<std::size_t>(spec_.width) * channels_, scratch_.resample);
  load_levels(scratch_.levels.data(), planes_.data(), channels_, 0, pixels);
}

void LateGeometry::flip(bool horizontal, bool vertical) {
  const auto width = static_cast<std::size_t>(spec_.width),
             height = static_cast<std::size_t>(spec_.height);
  for (std::size_t c = 0; c < channels_; ++c) {
    float* plane = planes_[c];
    if (horizontal)
      for (std::size_t y = 0; y < height; ++y)
        std::reverse(plane + y * width, plane + (y + 1) * width);
    if (vertical)
      for (std::size_t y = 0; y < height / 2; ++y)
        std::swap_ranges(plane + y * width, plane + (y + 1) * width,
                         plane + (height - 1 - y) * width);
  }
}

void LateGeometry::transpose_planes() {
  const auto side = static_cast<std::size_t>(spec_.width);  // the view is square
  for (std::size_t c = 0; c < channels_; ++c) {
    scratch_.value_grid.assign(planes_[c], planes_[c] + spec_.pixels());
    transpose<1>(scratch_.value_grid.data(), side, side, planes_[c]);
  }
}

void LateGeometry::turn(const GeometryPlan& plan) {
  const auto grid_width = static_cast<std::size_t>(plan.grid_width);
  const float fill = static_cast<float>(is_pillow8() ? plan.fill : plan.fill / 255);
  const auto left = static_cast<std::size_t>(std::llround(plan.x.box_start) + plan.x.first);
  const auto top = static_cast<std::size_t>(std::llround(plan.y.box_start) + plan.y.first);
  const auto width = static_cast<std::size_t>(plan.x.count),
             height = static_cast<std::size_t>(plan.y.count);
  for (std::size_t c = 0; c < channels_; ++c) {
    scratch_.value_grid.assign(grid_width * static_cast<std::size_t>(plan.grid_height), fill);
    for (std::size_t y = 0; y < height; ++y) {
      const float* from = planes_[c] + (top + y) * static_cast<std::size_t>(spec_.width) + left;
      std::copy(from, from + width,
                scratch_.value_grid.data() +
                    (static_cast<std::size_t>(plan.grid_top) + y) * grid_width +
                    static_cast<std::size_t>(plan.grid_left));
    }
    warp_values(scratch_.value_grid.data(), plan.grid_width, plan.to_grid, planes_[c], spec_.height,
                spec_.width);
    if (is_pillow8()) round_to_levels(planes_[c], spec_.pixels());
  }
}

}  // namespace kith::host
