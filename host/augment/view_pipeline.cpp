// SPDX-License-Identifier: Apache-2.0
#include "augment/view_pipeline.h"

#include <algorithm>
#include <cmath>
#include <kith/error.hpp>
#include <string>
#include <utility>

#include "augment/view_renderer.h"

namespace kith::host {
namespace {

kith_draw_source draw_source(const DrawKey& key, const ViewSpec& spec, int height, int width) {
  kith_draw_source source{};
  source.struct_size = sizeof(kith_draw_source);
  source.purpose = static_cast<std::uint32_t>(key.purpose);
  source.seed = key.seed;
  source.step = key.step;
  source.sample = key.sample;
  source.epoch = key.epoch;
  source.view = key.view;
  source.operation = key.operation;
  source.arithmetic = to_abi(spec.arithmetic);
  source.channels = static_cast<std::uint32_t>(spec.channels);
  source.height = height;
  source.width = width;
  return source;
}

kith_augmentation_place place_of(const ViewSpec& spec) {
  kith_augmentation_place place{};
  place.struct_size = sizeof(kith_augmentation_place);
  place.arithmetic = to_abi(spec.arithmetic);
  place.channels = static_cast<std::uint32_t>(spec.channels);
  place.view_height = spec.height;
  place.view_width = spec.width;
  return place;
}

/// round() as Python has it, half to even.
int round_to_even(double value) { return static_cast<int>(std::nearbyint(value)); }

}  // namespace

ViewPipeline::ViewPipeline(std::vector<AugmentationUse> list, const ViewSpec& spec)
    : list_(std::move(list)), spec_(spec) {
  while (head_ < list_.size() && list_[head_].augmentation->stage() == AugmentationStage::kGeometry)
    ++head_;
  std::string text;
  for (const std::string& problem : problems()) text += (text.empty() ? "" : "\n") + problem;
  if (!text.empty()) throw ConfigError(text);
}

std::vector<std::string> ViewPipeline::problems() const {
  std::vector<std::string> found;
  if (spec_.height < 1 || spec_.width < 1)
    found.push_back("augment: a view must have at least 1 px a side, got " +
                    std::to_string(spec_.height) + " x " + std::to_string(spec_.width));
  if (spec_.channels != 1 && spec_.channels != 3)
    found.push_back("augment: images must have 1 or 3 channels, got " +
                    std::to_string(spec_.channels));
  if (spec_.resize != 0 && spec_.resize < std::min(spec_.height, spec_.width))
    found.push_back("augment: resize must be at least the view's size of " +
                    std::to_string(std::min(spec_.height, spec_.width)) + " px, got " +
                    std::to_string(spec_.resize));
  // Behind a crop, a crop is one of the view; without, it would not be one of the image.
  const bool head_resizes =
      std::any_of(list_.begin(), list_.begin() + static_cast<std::ptrdiff_t>(head_),
                  [](const AugmentationUse& use) { return use.augmentation->resizes(); });
  const std::string* final = nullptr;
  for (std::size_t i = 0; i < list_.size(); ++i) {
    const Augmentation& a = *list_[i].augmentation;
    const double probability = list_[i].probability;
    const auto report = [&](const std::string& what) {
      found.push_back(list_[i].where.empty() ? what : what + " (" + list_[i].where + ")");
    };
    if (!(probability >= 0 && probability <= 1))
      report(a.name() + ": probability must be in [0, 1], got " + std::to_string(probability));
    if (a.final() && probability != 1)
      report(a.name() + ": probability must be 1, got " + std::to_string(probability) +
             "; a view is normalised or not");
    if (!a.takes_channels(spec_.channels))
      report(a.name() + ": is defined for images of " + a.channels_text() +
             " channels, these have " + std::to_string(spec_.channels) + "; leave it out");
    if (a.resizes() && i >= head_ && !head_resizes)
      report(a.name() + ": must come before " + list_[head_].augmentation->name() +
             ", because it decides which pixels there are; move it up");
    if (final != nullptr)
      report(a.name() + ": must come before " + *final +
             ", after which values are no colours; move it up");
    if (a.final()) final = &a.name();
    try {
      a.check(place_of(spec_));
    } catch (const Error& e) {
      report(e.what());
    }
  }
  return found;
}

void ViewPipeline::require_fitting(const ImageView& image) const {
  if (image.channels != spec_.channels || image.height < 1 || image.width < 1)
    throw ShapeError("augment: the image must have " + std::to_string(spec_.channels) +
                     " channels and at least one pixel, got [" + std::to_string(image.height) +
                     ", " + std::to_string(image.width) + ", " + std::to_string(image.channels) +
                     "]");
}

void ViewPipeline::draw_one(std::size_t i, int height, int width, const DrawKey& key,
                            DrawnAugmentation& drawn) const {
  const AugmentationUse& use = list_[i];
  DrawKey own = key;
  own.purpose = DrawPurpose::kAugmentation;
  own.operation = static_cast<std::uint32_t>(i);
  drawn.applied = use.probability >= 1 || Draw(own, "probability").uniform() < use.probability;
  drawn.values.resize(drawn.applied ? use.augmentation->fields().size() : 0);
  if (drawn.applied && !drawn.values.empty())
    use.augmentation->draw(draw_source(own, spec_, height, width), drawn.values.data());
}

/// Decides what happens to the view, in the order of the list, and composes the geometry at its
/// head. `decide(i, height, width)` gives what is drawn for augmentation i, which meets an image of
/// that size.
template <class Decide>
void ViewPipeline::compose(int height, int width, Decide&& decide, ViewScratch& scratch) const {
  GeometryComposer& composer = scratch.composer;
  composer.start(height, width);
  for (std::size_t i = 0; i < head_; ++i) {
    const DrawnAugmentation& drawn = decide(i, composer.height(), composer.width());
    if (!drawn.applied) continue;
    const Augmentation& a = *list_[i].augmentation;
    kith_geometry step = composer.neutral_step(spec_.height, spec_.width);
    a.geometry(drawn.values.data(), step);
    composer.add(step, a.name().c_str());
  }
  fit(composer);
  for (std::size_t i = head_; i < list_.size(); ++i) decide(i, spec_.height, spec_.width);
}

void ViewPipeline::fit(GeometryComposer& composer) const {
  const bool fits = composer.height() == spec_.height && composer.width() == spec_.width;
  if (fits && spec_.resize == 0) return;
  const int shorter = std::min(spec_.height, spec_.width);
  const int target = spec_.resize == 0 ? shorter : spec_.resize;
  const std::int64_t target_height = std::int64_t{target} * spec_.height / shorter;
  const std::int64_t target_width = std::int64_t{target} * spec_.width / shorter;
  kith_geometry resize = composer.neutral_step(spec_.height, spec_.width);
  resize.filter =
      spec_.resize_filter == ResizeFilter::kBicubic ? KITH_RESIZE_BICUBIC : KITH_RESIZE_BILINEAR;
  const std::int64_t height = composer.height(), width = composer.width();
  if (height * target_width <= width * target_height) {
    resize.out_height = target_height;
    resize.out_width = target_height * width / height;
  } else {
    resize.out_height = target_width * height / width;
    resize.out_width = target_width;
  }
  composer.add(resize, "augment");
  kith_geometry crop = composer.neutral_step(spec_.height, spec_.width);
  crop.box_top = round_to_even((composer.height() - spec_.height) / 2.0);
  crop.box_left = round_to_even((composer.width() - spec_.width) / 2.0);
  crop.box_height = static_cast<double>(crop.out_height = spec_.height);
  crop.box_width = static_cast<double>(crop.out_width = spec_.width);
  composer.add(crop, "augment");
}

DrawnView ViewPipeline::draw(int height, int width, const DrawKey& key) const {
  ViewScratch scratch;
  DrawnView drawn(list_.size());
  compose(
      height, width,
      [&](std::size_t i, int h, int w) -> const DrawnAugmentation& {
        draw_one(i, h, w, key, drawn[i]);
        return drawn[i];
      },
      scratch);
  return drawn;
}

void ViewPipeline::draw_and_compose(int height, int width, const DrawKey& key,
                                    ViewScratch& scratch) const {
  scratch.drawn.resize(list_.size());
  compose(
      height, width,
      [&](std::size_t i, int h, int w) -> const DrawnAugmentation& {
        draw_one(i, h, w, key, scratch.drawn[i]);
        return scratch.drawn[i];
      },
      scratch);
}

ImagePart ViewPipeline::part(int height, int width, const DrawKey& key,
                             ViewScratch& scratch) const {
  draw_and_compose(height, width, key, scratch);
  const GeometryPlan plan = scratch.composer.plan();
  if (plan.x.count == 0 || plan.y.count == 0) return {0, 0, 1, 1};  // turned out of the picture
  const PixelRange x = read_range(plan.x, plan.filter), y = read_range(plan.y, plan.filter);
  return {y.begin, x.begin, y.end - y.begin, x.end - x.begin};
}

void ViewPipeline::run(const ImageView& image, const DrawKey& key, float* out,
                       ViewScratch& scratch) const {
  require_fitting(image);
  draw_and_compose(image.height, image.width, key, scratch);
  ViewRenderer(*this, scratch, out).render(image, scratch.drawn);
}

void ViewPipeline::replay(const ImageView& image, const DrawnView& drawn, float* out,
                          ViewScratch& scratch) const {
  require_fitting(image);
  if (drawn.size() != list_.size())
    throw ShapeError("augment: what was drawn must have one entry for each of the " +
                     std::to_string(list_.size()) + " augmentations, got " +
                     std::to_string(drawn.size()));
  for (std::size_t i = 0; i < drawn.size(); ++i)
    if (drawn[i].applied && drawn[i].values.size() != list_[i].augmentation->fields().size())
      throw ShapeError(list_[i].augmentation->name() + ": draws " +
                       std::to_string(list_[i].augmentation->fields().size()) + " numbers, got " +
                       std::to_string(drawn[i].values.size()));
  compose(
      image.height, image.width,
      [&](std::size_t i, int, int) -> const DrawnAugmentation& { return drawn[i]; }, scratch);
  ViewRenderer(*this, scratch, out).render(image, drawn);
}

void ViewPipeline::replay_levels(const ImageView& image, const DrawnView& drawn, std::uint8_t* out,
                                 ViewScratch& scratch) const {
  if (spec_.arithmetic != Arithmetic::kPillow8)
    throw ShapeError("augment: 8-bit levels come of arithmetic pillow8 alone");
  std::vector<float> values(spec_.floats());
  replay(image, drawn, values.data(), scratch);
  const std::size_t pixels = spec_.pixels(), channels = static_cast<std::size_t>(spec_.channels);
  for (std::size_t i = 0; i < pixels; ++i)
    for (std::size_t c = 0; c < channels; ++c) {
      const float value = spec_.channels_last ? values[i * channels + c] : values[c * pixels + i];
      out[i * channels + c] =
          static_cast<std::uint8_t>(std::clamp(value * 255.0F + 0.5F, 0.0F, 255.0F));
    }
}

std::size_t ViewPipeline::field(std::size_t augmentation, std::string_view name) const {
  const auto& fields = list_.at(augmentation).augmentation->fields();
  const auto found = std::find(fields.begin(), fields.end(), name);
  if (found == fields.end())
    throw ConfigError(list_[augmentation].augmentation->name() + ": draws no field '" +
                      std::string(name) + "'");
  return static_cast<std::size_t>(found - fields.begin());
}

}  // namespace kith::host
