// SPDX-License-Identifier: Apache-2.0
#include "augment/bounds.h"

#include <kith/error.hpp>

#include "augment/guarded.h"

namespace kith::host {
namespace {

constexpr std::uint64_t kViews = 4;

std::vector<std::uint8_t> noise(std::size_t size, std::uint64_t seed) {
  Draw draw({.seed = seed}, "noise");
  std::vector<std::uint8_t> pixels(size);
  for (auto& pixel : pixels) pixel = static_cast<std::uint8_t>(draw.uniform(0, 256));
  return pixels;
}

/// What is written beyond the view when this list makes it, or nothing.
std::string damage_of_list(const std::vector<AugmentationUse>& list, const ViewSpec& spec) {
  const ViewPipeline pipeline(list, spec);
  for (std::uint64_t sample = 0; sample < kViews; ++sample) {
    const auto pixels = noise(spec.floats(), sample);
    Guarded<float> view(spec.floats());
    ViewScratch scratch;
    scratch.guarded = true;
    pipeline.run({pixels.data(), spec.height, spec.width, spec.channels}, {.sample = sample},
                 view.data(), scratch);
    if (auto damage = view.damage(); !damage.empty()) return damage;
  }
  return {};
}

}  // namespace

void require_within_bounds(const ViewPipeline& pipeline) {
  auto spec = pipeline.spec();
  spec.channels_last = false;  // so that the planes lie in the output, between its guards
  std::vector<AugmentationUse> list;
  for (auto use : pipeline.list()) {
    if (use.probability <= 0) continue;
    use.probability = 1;
    list.push_back(use);
    if (const auto damage = damage_of_list(list, spec); !damage.empty())
      throw PluginError("augmentation '" + use.augmentation->name() +
                        "' must keep to its view of [" + std::to_string(spec.channels) + ", " +
                        std::to_string(spec.height) + ", " + std::to_string(spec.width) + "], " +
                        damage + (use.where.empty() ? "" : " (" + use.where + ")"));
  }
}

}  // namespace kith::host
