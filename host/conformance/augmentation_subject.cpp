// SPDX-License-Identifier: Apache-2.0
#include "conformance/augmentation_subject.h"

#include <kith/error.hpp>

#include "config/experiment.h"
#include "harness/plugin_access.h"
#include "tensor/border.h"

namespace kith::conformance {

std::shared_ptr<const host::Augmentation> make_augmentation(const std::string& table) {
  const auto plugin = harness::load_plugin("augmentation", table);
  const auto arguments = plugin->arguments.args();
  return std::make_shared<host::Augmentation>(
      *host::host_table(), plugin->api<kith_augmentation_api>(), plugin->metadata, arguments);
}

host::ViewSpec Place::spec() const {
  host::ViewSpec spec;
  spec.height = height;
  spec.width = width;
  spec.channels = channels;
  spec.arithmetic = arithmetic;
  return spec;
}

std::string Place::text() const {
  return std::string(host::to_text(arithmetic)) + " " + shape_text({channels, height, width});
}

std::vector<Place> places_of(const host::Augmentation& augmentation, int& refused) {
  std::vector<Place> places;
  for (const auto arithmetic :
       {host::Arithmetic::kPillow8, host::Arithmetic::kFloat, host::Arithmetic::kTensorflow})
    for (const int channels : {1, 3})
      for (const auto& [height, width] : {std::pair{1, 1}, {7, 5}, {33, 67}}) {
        if (!augmentation.takes_channels(channels)) continue;
        kith_augmentation_place place{};
        place.struct_size = sizeof place;
        place.arithmetic = host::to_abi(arithmetic);
        place.channels = static_cast<std::uint32_t>(channels);
        place.view_height = height;
        place.view_width = width;
        try {
          augmentation.check(place);
          places.push_back({arithmetic, channels, height, width});
        } catch (const ConfigError&) {
          ++refused;
        }
      }
  return places;
}

Picture::Picture(int h, int w, int c, std::uint64_t seed) : height(h), width(w), channels(c) {
  Draw noise({.seed = seed}, "picture");
  pixels.resize(static_cast<std::size_t>(h) * static_cast<std::size_t>(w) *
                static_cast<std::size_t>(c));
  for (auto& pixel : pixels) pixel = static_cast<std::uint8_t>(noise.uniform(0, 256));
}

DrawKey key_of(std::uint64_t sample) { return {.seed = 3, .epoch = 2, .sample = sample}; }

kith_draw_source source_of(const Place& place, std::uint64_t sample) {
  kith_draw_source source{};
  source.struct_size = sizeof source;
  source.purpose = static_cast<std::uint32_t>(DrawPurpose::kAugmentation);
  source.seed = 3;
  source.epoch = 2;
  source.sample = sample;
  source.arithmetic = host::to_abi(place.arithmetic);
  source.channels = static_cast<std::uint32_t>(place.channels);
  source.height = place.height;
  source.width = place.width;
  return source;
}

}  // namespace kith::conformance
