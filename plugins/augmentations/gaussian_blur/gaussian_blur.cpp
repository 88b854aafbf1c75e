// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <kith/augmentation.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "box_cascade.h"
#include "gaussian_taps.h"
#include "zero_padded_taps.h"

namespace {

/// Blurs with a random sigma: Pillow's cascade of boxes, torchvision's Gaussian of 23 taps, or
/// SimCLR's.
class GaussianBlur : public kith::FilterAugmentation {
 public:
  static constexpr kith::Identity identity{.id = "org.kith.gaussian_blur",
                                           .version = "0.1.0",
                                           .licence = "Apache-2.0",
                                           .summary = "blurs with a random sigma"};
  static constexpr auto options =
      kith::options(kith::choice("kernel", "pillow", "gaussian23", "simclr")
                        .help("pillow: three box blurs each way, as PIL's GaussianBlur; "
                              "gaussian23: torchvision's, 23 taps; simclr: SimCLR's and BYOL's, "
                              "black outside the view"),
                    kith::integer("taps", 0).range(0, 999).help(
                        "simclr: number of taps, odd; 0: 2 floor(k / 2) + 1 with k = "
                        "floor(view's height / 10)"),
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

  explicit GaussianBlur(const kith::Options& o)
      : kernel_(kernel_of(o.text("kernel"))), taps_(static_cast<std::size_t>(o.integer("taps"))) {
    if (taps_ != 0 && kernel_ != Kernel::kSimclr)
      throw kith::ConfigError(
          "gaussian_blur: taps belongs to kernel = \"simclr\", got kernel = \"" +
          std::string(o.text("kernel")) + "\"; leave it out");
    if (taps_ != 0 && taps_ % 2 == 0)
      throw kith::ConfigError(
          "gaussian_blur: taps must be odd, or 0 for the view's own number, got " +
          std::to_string(taps_) + "; SimCLR's code takes " + std::to_string(taps_ + 1));
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
    switch (kernel_) {
      case Kernel::kPillow:
        return blur::box_scratch(height, width);
      case Kernel::kGaussian23:
        return blur::taps_scratch(height, width);
      default:
        return blur::zero_padded_scratch(height, width, tap_count(height));
    }
  }

  void apply(const Params& drawn, kith::ViewPixels view) const {
    for (std::uint32_t c = 0; c < view.channels(); ++c) {
      float* plane = view.plane(c).data();
      const blur::Plane whole{plane, view.height(), view.width()};
      switch (kernel_) {
        case Kernel::kPillow:
          blur::box_cascade(whole, drawn.sigma, view.is_pillow8(), view.scratch());
          break;
        case Kernel::kGaussian23:
          blur::gaussian_taps(whole, drawn.sigma, view.is_pillow8(), view.scratch());
          break;
        case Kernel::kSimclr:
          blur::zero_padded_taps(whole, drawn.sigma, tap_count(view.height()), view.is_pillow8(),
                                 view.scratch());
          break;
      }
    }
  }

 private:
  enum class Kernel { kPillow, kGaussian23, kSimclr };

  static Kernel kernel_of(std::string_view name) {
    return name == "pillow" ? Kernel::kPillow
                            : (name == "simclr" ? Kernel::kSimclr : Kernel::kGaussian23);
  }
  std::size_t tap_count(std::size_t height) const {
    return taps_ != 0 ? taps_ : 2 * (height / 10 / 2) + 1;
  }

  Kernel kernel_;
  std::size_t taps_;  // 0: by the view's height
  double low_, high_;
};

}  // namespace

KITH_PLUGIN(GaussianBlur);
