// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <kith/augmentation.hpp>

namespace {

/// Paints a square of the view grey, somewhere inside it.
class MyAugmentation : public kith::FilterAugmentation {
 public:
  static constexpr kith::Identity identity{
      .id = "org.example.my_augmentation",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "paints a square of the view grey",
  };
  static constexpr auto options = kith::options(kith::real("side", 0.5)
                                                    .range(0, 1)
                                                    .unit("fraction of the view's shorter side")
                                                    .help("side of the square"));

  /// What is drawn: the host can write these numbers and replay them.
  struct Params {
    std::int64_t top, left, side;  // px
  };
  static constexpr auto fields =
      kith::fields(kith::field("top", &Params::top), kith::field("left", &Params::left),
                   kith::field("side", &Params::side));

  explicit MyAugmentation(const kith::Options& o) : side_(o.real("side")) {}

  /// A pure function of its source: the same sample gets the same square on any thread.
  Params draw(const kith::DrawSource& source) const {
    const auto height = static_cast<double>(source.height()),
               width = static_cast<double>(source.width());
    const double side = std::floor(side_ * std::min(height, width));
    return {static_cast<std::int64_t>(source.uniform("top", 0, height - side + 1)),
            static_cast<std::int64_t>(source.uniform("left", 0, width - side + 1)),
            static_cast<std::int64_t>(side)};
  }

  /// Writes inside the view alone; whole levels with arithmetic "pillow8".
  void apply(const Params& p, kith::ViewPixels view) const {
    const float grey = view.is_pillow8() ? 128.0F : 0.5F;
    const auto width = static_cast<std::int64_t>(view.width());
    for (std::uint32_t c = 0; c < view.channels(); ++c)
      for (std::int64_t y = p.top; y < p.top + p.side; ++y)
        std::fill_n(view.plane(c).data() + y * width + p.left, p.side, grey);
  }

 private:
  double side_;
};

}  // namespace

KITH_PLUGIN(MyAugmentation);
