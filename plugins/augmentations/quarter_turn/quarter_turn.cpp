// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <kith/augmentation.hpp>

namespace {

/// Turns the image by 0, 90, 180 or 270 degrees, each as often as the others.
class QuarterTurn : public kith::GeometryAugmentation {
 public:
  static constexpr kith::Identity identity{.id = "org.kith.quarter_turn",
                                           .version = "0.1.0",
                                           .licence = "Apache-2.0",
                                           .summary = "turns by 0, 90, 180 or 270 degrees"};
  static constexpr auto options = kith::options();

  struct Params {
    std::int32_t turns;  // quarters of a circle, counter-clockwise
  };
  static constexpr auto fields = kith::fields(kith::field("turns", &Params::turns));

  explicit QuarterTurn(const kith::Options&) {}

  /// The size stays: a picture that is not square makes half turns alone.
  Params draw(const kith::DrawSource& source) const {
    const kith::Draw turns = source.stream("turns");
    return {.turns = source.height() == source.width()
                         ? static_cast<std::int32_t>(turns.below_at(0, 4))
                         : 2 * static_cast<std::int32_t>(turns.below_at(0, 2))};
  }

  void apply(const Params& drawn, kith::Geometry& step) const { step.quarter_turns = drawn.turns; }
};

}  // namespace

KITH_PLUGIN(QuarterTurn);
