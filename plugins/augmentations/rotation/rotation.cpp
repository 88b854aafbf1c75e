// SPDX-License-Identifier: Apache-2.0
#include <kith/augmentation.hpp>

namespace {

/// Turns the image about its centre by a random angle; the size stays.
class Rotation : public kith::GeometryAugmentation {
 public:
  static constexpr kith::Identity identity{.id = "org.kith.rotation",
                                           .version = "0.1.0",
                                           .licence = "Apache-2.0",
                                           .summary = "rotates by a random angle"};
  static constexpr auto options = kith::options(
      kith::real("degrees", 10)
          .range(0, 180)
          .unit("degrees")
          .help("the angle is uniform in [-degrees, degrees]; counter-clockwise is positive"),
      kith::real("fill", 0).range(0, 255).unit("level").help(
          "grey level of what comes in from outside the picture"));

  struct Params {
    double angle;  // degrees
  };
  static constexpr auto fields = kith::fields(kith::field("angle", &Params::angle));

  explicit Rotation(const kith::Options& o) : degrees_(o.real("degrees")), fill_(o.real("fill")) {}

  Params draw(const kith::DrawSource& source) const {
    return {.angle = source.uniform("angle", -degrees_, degrees_)};
  }

  void apply(const Params& drawn, kith::Geometry& step) const {
    step.angle = drawn.angle;
    step.fill = fill_;
  }

 private:
  double degrees_, fill_;
};

}  // namespace

KITH_PLUGIN(Rotation);
