// SPDX-License-Identifier: Apache-2.0
#include "conformance/guarded_view.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace kith::conformance {

GuardedView::GuardedView(const Place& place, std::uint64_t seed)
    : place_(place), size_(place.spec().pixels()) {
  Draw noise({.seed = seed}, "view");
  for (int c = 0; c < place.channels; ++c) {
    planes_.emplace_back(size_);
    for (auto& value : planes_.back().numbers()) {
      const double level = noise.uniform(0, 1) * static_cast<double>(place.white());
      value = static_cast<float>(place.is_pillow8() ? std::floor(level) : level);
    }
  }
}

void GuardedView::apply(const host::Augmentation& augmentation, std::uint64_t sample,
                        std::size_t run) {
  draw(augmentation, sample);
  if (augmentation.stage() == host::AugmentationStage::kPixel)
    run_pixel(augmentation, run);
  else
    run_whole(augmentation);
  look_for_damage(planes_, "plane");
}

std::vector<float> GuardedView::pixels() {
  std::vector<float> all;
  for (auto& plane : planes_) all.insert(all.end(), plane.numbers().begin(), plane.numbers().end());
  return all;
}

void GuardedView::draw(const host::Augmentation& augmentation, std::uint64_t sample) {
  host::Guarded<double> values(augmentation.fields().size());
  std::ranges::fill(values.numbers(), std::numeric_limits<double>::quiet_NaN());
  augmentation.draw(source_of(place_, sample), values.data());
  if (const auto damage = values.damage(); !damage.empty())
    damages_.push_back("drawn numbers: " + damage);
  drawn_.assign(values.numbers().begin(), values.numbers().end());
}

std::vector<double> GuardedView::channel_means() {
  std::vector<double> means;
  for (auto& plane : planes_) {
    double sum = 0;
    for (const float value : plane.numbers()) sum += static_cast<double>(value);
    means.push_back(sum / static_cast<double>(size_));
  }
  return means;
}

void GuardedView::run_pixel(const host::Augmentation& augmentation, std::size_t run) {
  std::uint32_t wants_mean = 0;
  const auto passes = augmentation.passes(drawn_.data(), wants_mean);
  for (std::uint32_t pass = 0; pass < passes; ++pass) {
    std::vector<double> means(planes_.size());
    if (((wants_mean >> pass) & 1) != 0) means = channel_means();
    for (std::size_t first = 0; first < size_; first += run) {
      // Each run in memory of its own, so that its neighbours have guards between them.
      const std::size_t size = std::min(run, size_ - first);
      kith_pixel_run piece{};
      piece.struct_size = sizeof piece;
      piece.arithmetic = host::to_abi(place_.arithmetic);
      piece.channels = static_cast<std::uint32_t>(place_.channels);
      piece.pass = pass;
      piece.size = size;
      for (std::size_t c = 0; c < means.size(); ++c) {
        piece.mean_grey += means[c] / static_cast<double>(means.size());
        if (place_.arithmetic == host::Arithmetic::kTensorflow) piece.channel_mean[c] = means[c];
      }
      std::vector<host::Guarded<float>> own;
      for (std::size_t c = 0; c < planes_.size(); ++c) {
        own.emplace_back(size);
        std::copy_n(planes_[c].data() + first, size, own.back().data());
      }
      for (std::size_t c = 0; c < own.size(); ++c) piece.planes[c] = own[c].data();
      augmentation.pixel(drawn_.data(), piece);
      look_for_damage(own, "run of plane");
      for (std::size_t c = 0; c < planes_.size(); ++c)
        std::copy_n(own[c].data(), size, planes_[c].data() + first);
    }
  }
}

kith_view_pixels GuardedView::whole(std::vector<host::Guarded<float>>& planes) const {
  kith_view_pixels view{};
  view.struct_size = sizeof view;
  view.arithmetic = host::to_abi(place_.arithmetic);
  view.channels = static_cast<std::uint32_t>(place_.channels);
  view.height = place_.height;
  view.width = place_.width;
  for (std::size_t c = 0; c < planes.size(); ++c) view.planes[c] = planes[c].data();
  return view;
}

void GuardedView::run_whole(const host::Augmentation& augmentation) {
  if (augmentation.stage() == host::AugmentationStage::kFilter) {
    host::Guarded<float> scratch(
        augmentation.scratch_size(place_.height, place_.width, place_.channels));
    auto view = whole(planes_);
    view.scratch = scratch.numbers().empty() ? nullptr : scratch.data();
    augmentation.filter(drawn_.data(), view);
    if (const auto damage = scratch.damage(); !damage.empty())
      damages_.push_back("scratch space: " + damage);
    return;
  }
  std::vector<host::Guarded<float>> from;
  for (auto& plane : planes_) {
    from.emplace_back(size_);
    std::ranges::copy(plane.numbers(), from.back().data());
  }
  const auto before = pixels();
  augmentation.image(drawn_.data(), whole(from), whole(planes_));
  look_for_damage(from, "plane to read");
  std::size_t at = 0;
  for (auto& plane : from)
    for (const float value : plane.numbers())
      if (value != before[at++]) {
        damages_.push_back("the pixels that it should only read: changed");
        return;
      }
}

void GuardedView::look_for_damage(std::vector<host::Guarded<float>>& planes,
                                  const std::string& name) {
  for (std::size_t c = 0; c < planes.size(); ++c)
    if (const auto damage = planes[c].damage(); !damage.empty())
      damages_.push_back(name + " " + std::to_string(c) + ": " + damage);
}

}  // namespace kith::conformance
