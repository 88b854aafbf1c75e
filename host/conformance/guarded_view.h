// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "augment/guarded.h"
#include "conformance/augmentation_subject.h"

namespace kith::conformance {

/// A view whose planes, scratch space and drawn numbers each have memory of their own between
/// guards, for calling an augmentation's functions directly.
class GuardedView {
 public:
  /// Noise in the range of the place's arithmetic; the same for the same seed.
  GuardedView(const Place& place, std::uint64_t seed);

  /// Draws, and applies what was drawn; a pixel augmentation in runs of at most `run` pixels.
  /// Not for the geometry stage, which touches no pixels.
  void apply(const host::Augmentation& augmentation, std::uint64_t sample, std::size_t run);

  std::vector<float> pixels();  ///< all planes, one behind the other
  const std::vector<double>& drawn() const { return drawn_; }
  /// What was written beyond planes, scratch space or drawn numbers; one text each.
  const std::vector<std::string>& damages() const { return damages_; }

 private:
  void draw(const host::Augmentation& augmentation, std::uint64_t sample);
  void run_pixel(const host::Augmentation& augmentation, std::size_t run);
  void run_whole(const host::Augmentation& augmentation);
  std::vector<double> channel_means();
  kith_view_pixels whole(std::vector<host::Guarded<float>>& planes) const;
  void look_for_damage(std::vector<host::Guarded<float>>& planes, const std::string& name);

  Place place_;
  std::size_t size_;  // pixels
  std::vector<host::Guarded<float>> planes_;
  std::vector<double> drawn_;
  std::vector<std::string> damages_;
};

}  // namespace kith::conformance
