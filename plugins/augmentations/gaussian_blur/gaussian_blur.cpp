// SPDX-License-Identifier: Apache-2.0
#include <kith/augmentation.hpp>
#include <string>
#include <vector>

#include "box_cascade.h"
#include "gaussian_taps.h"

namespace {

/// Blurs with a random sigma: Pillow's cascade of boxes, or a true Gaussian of 23 taps.
class GaussianBlur : public kith::FilterAugmentation {
 public:
  static constexpr kith::Identity identity{.id = "org.kith.gaussian_blur",
                                           .version = "0.1.0",
                                           .licence = "Apache-2.0",
                                           .summary = "blurs with a random sigma"};
  static constexpr auto options =
      kith::options(kith::choice("kernel", "pillow", "gaussian23")
                        .help("pillow: three box blurs each way, as PIL's GaussianBlur; "
                              "gaussian23: torchvision's, 23 taps"),
                    kith::reals("sigma", 0.1, 2.0)
                        .range(0.01, 100)
                        .length(2, 2)
                        .unit("px of the view")
                        .help("smallest and largest standard deviation, uniform between them"));
  static constexpr kith::AugmentationTraits traits{.rounds = true};

  struct Params {
    double sigma;  // px of the view
  };
  static constexpr auto fields = kith::fields(kith::field("sigma", &Params::sigma));

  explicit GaussianBlur(const kith::Options& o) : is_pillow_(o.text("kernel") == "pillow") {
    const std::vector<double> sigma = o.reals("sigma");
    low_ = sigma[0], high_ = sigma[1];
    if (low_ > high_)
      throw kith::ConfigError("gaussian_blur: sigma must be [smallest, largest], got [" +
                              std::to_string(low_) + ", " + std::to_string(high_) + "]");
  }

  Params draw(const kith::DrawSource& source) const {
    return {.sigma = source.uniform("sigma", low_, high_)};
  }

  std::size_t scratch_size(std::size_t height, std::size_t width, std::uint32_t) const {
    return is_pillow_ ? blur::box_scratch(height, width) : blur::taps_scratch(height, width);
  }

  void apply(const Params& drawn, kith::ViewPixels view) const {
    for (std::uint32_t c = 0; c < view.channels(); ++c) {
      float* plane = view.plane(c).data();
      const blur::Plane whole{plane, view.height(), view.width()};
      if (is_pillow_) {
        blur::box_cascade(whole, drawn.sigma, view.is_pillow8(), view.scratch());
      } else {
        blur::gaussian_taps(whole, drawn.sigma, view.is_pillow8(), view.scratch());
      }
    }
  }

 private:
  bool is_pillow_;
  double low_, high_;
};

}  // namespace

KITH_PLUGIN(GaussianBlur);
