// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <kith/augmentation.hpp>
#include <string>
#include <vector>

namespace {

/// Paints a square of the view in one grey level (DeVries and Taylor, arXiv 1708.04552).
class Cutout : public kith::FilterAugmentation {
 public:
  static constexpr kith::Identity identity{.id = "org.kith.cutout",
                                           .version = "0.1.0",
                                           .licence = "Apache-2.0",
                                           .summary = "paints a random square grey"};
  static constexpr auto options = kith::options(
      kith::reals("size", 0.5, 0.5)
          .range(0, 1)
          .length(2, 2)
          .unit("fraction of the view's shorter side")
          .help("smallest and largest side of the square, uniform between them"),
      kith::real("fill", 128).range(0, 255).unit("level").help("grey level of the square"));
  static constexpr kith::AugmentationTraits traits{.rounds = true};

  struct Params {
    std::int64_t top, left, side;  // px of the view; the square may reach beyond its edges
  };
  static constexpr auto fields =
      kith::fields(kith::field("top", &Params::top), kith::field("left", &Params::left),
                   kith::field("side", &Params::side));

  explicit Cutout(const kith::Options& o) : fill_(o.real("fill")) {
    const std::vector<double> size = o.reals("size");
    low_ = size[0], high_ = size[1];
    if (low_ > high_)
      throw kith::ConfigError("cutout: size must be [smallest, largest], got [" +
                              std::to_string(low_) + ", " + std::to_string(high_) + "]");
  }

  /// The centre is uniform over the pixels of the view.
  Params draw(const kith::DrawSource& source) const {
    const auto shorter = static_cast<double>(std::min(source.height(), source.width()));
    const std::int64_t side = std::llround(source.uniform("size", low_, high_) * shorter);
    const auto centre = [&](const char* name, std::int64_t size) {
      return static_cast<std::int64_t>(
          source.stream(name).below_at(0, static_cast<std::uint64_t>(size)));
    };
    return {.top = centre("y", source.height()) - side / 2,
            .left = centre("x", source.width()) - side / 2,
            .side = side};
  }

  void apply(const Params& drawn, kith::ViewPixels view) const {
    const auto height = static_cast<std::int64_t>(view.height()),
               width = static_cast<std::int64_t>(view.width());
    const std::int64_t top = std::clamp<std::int64_t>(drawn.top, 0, height),
                       bottom = std::clamp<std::int64_t>(drawn.top + drawn.side, 0, height),
                       left = std::clamp<std::int64_t>(drawn.left, 0, width),
                       right = std::clamp<std::int64_t>(drawn.left + drawn.side, 0, width);
    const auto fill = static_cast<float>(view.is_pillow8() ? std::floor(fill_ + 0.5) : fill_ / 255);
    for (std::uint32_t c = 0; c < view.channels(); ++c)
      for (std::int64_t y = top; y < bottom; ++y) {
        float* row = view.plane(c).data() + y * width;
        std::fill(row + left, row + right, fill);
      }
  }

 private:
  double low_, high_, fill_;
};

}  // namespace

KITH_PLUGIN(Cutout);
