// SPDX-License-Identifier: Apache-2.0
#include <kith/augmentation.hpp>

namespace {

/// Mirrors left and right. It draws nothing: the host draws whether it happens at all
/// (`probability`).
class Flip : public kith::GeometryAugmentation {
 public:
  static constexpr kith::Identity identity{.id = "org.kith.flip",
                                           .version = "0.1.0",
                                           .licence = "Apache-2.0",
                                           .summary = "mirrors the image left to right"};
  static constexpr auto options = kith::options();

  explicit Flip(const kith::Options&) {}

  void apply(kith::Geometry& step) const { step.flip_horizontal = 1; }
};

}  // namespace

KITH_PLUGIN(Flip);
