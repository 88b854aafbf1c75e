// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "augment/view_pipeline.h"
#include "conformance/check.h"

namespace kith::conformance {

/// An augmentation of a table, loaded and made as a run does it.
std::shared_ptr<const host::Augmentation> make_augmentation(const std::string& table);

/// Where an augmentation is tried.
struct Place {
  host::Arithmetic arithmetic = host::Arithmetic::kPillow8;
  int channels = 3, height = 1, width = 1;

  bool is_pillow8() const { return arithmetic == host::Arithmetic::kPillow8; }
  float white() const { return is_pillow8() ? 255.0F : 1.0F; }
  host::ViewSpec spec() const;
  std::string text() const;  ///< "pillow8 [3, 33, 17]"
};

/// Small and odd sizes, each arithmetic, the channels that the augmentation takes and the
/// host has images of. Places that it refuses are left out; `refused` counts them.
std::vector<Place> places_of(const host::Augmentation& augmentation, int& refused);

/// A picture of noise, as a file of such a size holds it.
struct Picture {
  Picture(int height, int width, int channels, std::uint64_t seed);
  host::ImageView view() const { return {pixels.data(), height, width, channels}; }

  int height, width, channels;
  std::vector<std::uint8_t> pixels;
};

/// The key of one sample of one epoch.
DrawKey key_of(std::uint64_t sample);

/// What a plugin is given to draw from, for direct calls.
kith_draw_source source_of(const Place& place, std::uint64_t sample);

}  // namespace kith::conformance
