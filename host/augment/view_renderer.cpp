// SPDX-License-Identifier: Apache-2.0
#include "augment/view_renderer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <kith/error.hpp>
#include <string>

#include "augment/guarded.h"
#include "augment/late_geometry.h"
#include "augment/pixel_loops.h"
#include "augment/transpose.h"
#include "augment/warp.h"

namespace kith::host {
ViewRenderer::ViewRenderer(const ViewPipeline& pipeline, ViewScratch& scratch, float* out)
    : pipeline_(pipeline),
      spec_(pipeline.spec()),
      scratch_(scratch),
      out_(out),
      channels_(static_cast<std::size_t>(pipeline.spec().channels)) {
  float* first = out;
  if (spec_.channels_last && spec_.channels > 1) {
    scratch_.planes.resize(spec_.floats());
    first = scratch_.planes.data();
  }
  for (std::size_t c = 0; c < channels_; ++c) planes_[c] = first + c * spec_.pixels();
}

void ViewRenderer::render(const ImageView& image, const DrawnView& drawn) {
  const GeometryPlan plan = scratch_.composer.plan();
  if (plan.rotated) {
    sample_turned(image, plan);
  } else {
    sample(image, plan);
  }
  list_steps(drawn);
  run_steps();
}

void ViewRenderer::sample(const ImageView& image, const GeometryPlan& plan) {
  scratch_.x_taps.compute(plan.x, plan.filter);
  scratch_.y_taps.compute(plan.y, plan.filter);
  // With rows and columns exchanged it is sampled into the memory for what is to be turned.
  const auto width = static_cast<std::size_t>(plan.transposed ? spec_.height : spec_.width);
  const std::size_t pixels = spec_.pixels(), height = pixels / width;
  if (is_pillow8()) {
    scratch_.levels.resize(spec_.floats());
    if (plan.transposed) scratch_.level_grid.resize(spec_.floats());
    std::uint8_t* sampled = (plan.transposed ? scratch_.level_grid : scratch_.levels).data();
    resample_levels(image, scratch_.x_taps, scratch_.y_taps, sampled, width * channels_,
                    scratch_.resample);
    if (plan.transposed)
      (channels_ == 3 ? transpose<3, std::uint8_t>
                      : transpose<1, std::uint8_t>)(sampled, height, width, scratch_.levels.data());
    return;
  }
  if (plan.transposed) scratch_.value_grid.resize(spec_.floats());
  float* sampled = plan.transposed ? scratch_.value_grid.data() : planes_[0];
  resample_values(image, scratch_.x_taps, scratch_.y_taps, sampled, width, pixels,
                  scratch_.resample);
  if (plan.transposed)
    for (std::size_t c = 0; c < channels_; ++c)
      transpose<1>(sampled + c * pixels, height, width, planes_[c]);
}

void ViewRenderer::sample_turned(const ImageView& image, const GeometryPlan& plan) {
  const bool covers = plan.x.count > 0 && plan.y.count > 0;
  if (covers) {
    scratch_.x_taps.compute(plan.x, plan.filter);
    scratch_.y_taps.compute(plan.y, plan.filter);
  }
  const auto width = static_cast<std::size_t>(plan.grid_width);
  const std::size_t pixels = width * static_cast<std::size_t>(plan.grid_height);
  const std::size_t offset =
      static_cast<std::size_t>(plan.grid_top) * width + static_cast<std::size_t>(plan.grid_left);
  if (is_pillow8()) {
    scratch_.level_grid.assign(pixels * channels_,
                               static_cast<std::uint8_t>(std::clamp(plan.fill + 0.5, 0.0, 255.0)));
    if (covers)
      resample_levels(image, scratch_.x_taps, scratch_.y_taps,
                      scratch_.level_grid.data() + offset * channels_, width * channels_,
                      scratch_.resample);
    scratch_.levels.resize(spec_.floats());
    warp_levels(scratch_.level_grid.data(), plan.grid_width, spec_.channels, plan.to_grid,
                scratch_.levels.data(), spec_.height, spec_.width);
    return;
  }
  scratch_.value_grid.assign(pixels * channels_, static_cast<float>(plan.fill / 255));
  if (covers)
    resample_values(image, scratch_.x_taps, scratch_.y_taps, scratch_.value_grid.data() + offset,
                    width, pixels, scratch_.resample);
  for (std::size_t c = 0; c < channels_; ++c)
    warp_values(scratch_.value_grid.data() + c * pixels, plan.grid_width, plan.to_grid, planes_[c],
                spec_.height, spec_.width);
}

void ViewRenderer::list_steps(const DrawnView& drawn) {
  scratch_.steps.clear();
  for (std::size_t i = pipeline_.head_; i < drawn.size(); ++i) {
    if (!drawn[i].applied) continue;
    const Augmentation& a = *pipeline_.list_[i].augmentation;
    const double* values = drawn[i].values.data();
    is_final_ |= a.final();
    std::uint32_t mean_grey = 0;
    const std::uint32_t count =
        a.stage() == AugmentationStage::kPixel ? a.passes(values, mean_grey) : 1;
    for (std::uint32_t pass = 0; pass < count; ++pass)
      scratch_.steps.push_back({&a, values, pass, ((mean_grey >> pass) & 1) != 0});
  }
}

void ViewRenderer::run_steps() {
  const auto& steps = scratch_.steps;
  bool loaded = !is_pillow8();
  bool knows_mean = false;
  std::size_t at = 0;
  while (true) {
    std::size_t end = at;
    while (end < steps.size() && steps[end].is_pixel() &&
           (!steps[end].wants_mean_grey || (end == at && knows_mean)))
      ++end;
    const bool last = end == steps.size();
    const bool sums = !last && steps[end].is_pixel();
    if (end > at || !loaded || sums || last)
      means_ =
          walk_tiles({.begin = at, .end = end, .load = !loaded, .means = sums, .finish = last});
    loaded = true;
    knows_mean = sums;
    if (last) return;
    if (!sums) run_whole(steps[end++]);
    at = end;
  }
}

ViewMeans ViewRenderer::walk_tiles(const Walk& walk) {
  const std::size_t pixels = spec_.pixels();
  ViewMeans sums;
  for (std::size_t first = 0; first < pixels; first += kTile) {
    const std::size_t size = std::min(kTile, pixels - first);
    if (walk.load) load_levels(scratch_.levels.data(), planes_.data(), channels_, first, size);
    for (std::size_t i = walk.begin; i < walk.end; ++i) run_pixel(scratch_.steps[i], first, size);
    if (walk.means) add_to_sums(first, size, sums);
    if (walk.finish) finish(first, size);
  }
  sums.grey /= static_cast<double>(pixels);
  for (double& sum : sums.channel) sum /= static_cast<double>(pixels);
  return sums;
}

void ViewRenderer::run_pixel(const ViewStep& step, std::size_t first, std::size_t size) {
  if (step.pass == 0 && step.augmentation->final() && is_tensorflow()) clip(first, size);
  kith_pixel_run run{};
  run.struct_size = sizeof(kith_pixel_run);
  run.arithmetic = to_abi(spec_.arithmetic);
  run.channels = static_cast<std::uint32_t>(channels_);
  run.pass = step.pass;
  run.size = size;
  for (std::size_t c = 0; c < channels_; ++c) run.planes[c] = planes_[c] + first;
  if (step.wants_mean_grey) {
    run.mean_grey = means_.grey;
    std::copy(means_.channel.begin(), means_.channel.end(), run.channel_mean);
  }
  step.augmentation->pixel(step.values, run);
  if (is_pillow8() && !step.augmentation->rounds()) round_planes(first, size);
}

void ViewRenderer::add_to_sums(std::size_t first, std::size_t size, ViewMeans& sums) const {
  if (is_tensorflow())
    for (std::size_t c = 0; c < channels_; ++c) sums.channel[c] += sum_of(planes_[c] + first, size);
  sums.grey += sum_grey(first, size);
}

/// As Pillow's mean of the grey version (pillow8), and torchvision's on tensors.
double ViewRenderer::sum_grey(std::size_t first, std::size_t size) const {
  double sum = 0;
  if (channels_ == 1) {
    for (std::size_t i = first; i < first + size; ++i) sum += static_cast<double>(planes_[0][i]);
    return sum;
  }
  const float *r = planes_[0] + first, *g = planes_[1] + first, *b = planes_[2] + first;
  if (is_pillow8()) return static_cast<double>(sum_grey_levels(r, g, b, size));
  for (std::size_t i = 0; i < size; ++i)
    sum += static_cast<double>(0.2989F * r[i] + 0.587F * g[i] + 0.114F * b[i]);
  return sum;
}

void ViewRenderer::clip(std::size_t first, std::size_t size) {
  for (std::size_t c = 0; c < channels_; ++c) clip_to_unit(planes_[c] + first, size);
}

void ViewRenderer::finish(std::size_t first, std::size_t size) {
  if (is_pillow8() && !is_final_)
    for (std::size_t c = 0; c < channels_; ++c) to_unit(planes_[c] + first, size);
  if (is_tensorflow() && !is_final_) clip(first, size);
  if (planes_[0] == out_) return;
  float* to = out_ + first * channels_;
  for (std::size_t i = first; i < first + size; ++i)
    for (std::size_t c = 0; c < channels_; ++c) *to++ = planes_[c][i];
}

kith_view_pixels ViewRenderer::whole_view(float* const* planes) const {
  kith_view_pixels view{};
  view.struct_size = sizeof(kith_view_pixels);
  view.arithmetic = to_abi(spec_.arithmetic);
  view.channels = static_cast<std::uint32_t>(channels_);
  view.height = spec_.height;
  view.width = spec_.width;
  std::copy(planes, planes + channels_, view.planes);
  return view;
}

void ViewRenderer::run_whole(const ViewStep& step) {
  const Augmentation& a = *step.augmentation;
  if (a.final() && is_tensorflow()) clip(0, spec_.pixels());
  kith_view_pixels view = whole_view(planes_.data());
  if (a.stage() == AugmentationStage::kGeometry) {
    LateGeometry(spec_, scratch_, planes_).run(step);
    return;
  }
  if (a.stage() == AugmentationStage::kFilter) {
    const auto wanted = a.scratch_size(spec_.height, spec_.width, spec_.channels);
    if (scratch_.guarded) {
      run_guarded_filter(step, view, wanted);
    } else {
      scratch_.filter.resize(wanted);
      view.scratch = scratch_.filter.empty() ? nullptr : scratch_.filter.data();
      a.filter(step.values, view);
    }
  } else {
    scratch_.other_planes.resize(spec_.floats());
    std::array<float*, KITH_MAX_CHANNELS> from{};
    for (std::size_t c = 0; c < channels_; ++c) {
      from[c] = scratch_.other_planes.data() + c * spec_.pixels();
      std::copy(planes_[c], planes_[c] + spec_.pixels(), from[c]);
    }
    a.image(step.values, whole_view(from.data()), view);
  }
  if (is_pillow8() && !a.rounds()) round_planes(0, spec_.pixels());
}

void ViewRenderer::run_guarded_filter(const ViewStep& step, kith_view_pixels view,
                                      std::size_t wanted) {
  Guarded<float> scratch(wanted);
  view.scratch = wanted == 0 ? nullptr : scratch.data();
  step.augmentation->filter(step.values, view);
  if (const auto damage = scratch.damage(); !damage.empty())
    throw PluginError("augmentation '" + step.augmentation->name() +
                      "' must keep to its scratch space of " + std::to_string(wanted) +
                      " numbers, " + damage);
}

void ViewRenderer::round_planes(std::size_t first, std::size_t size) {
  for (std::size_t c = 0; c < channels_; ++c) round_to_levels(planes_[c] + first, size);
}

}  // namespace kith::host
