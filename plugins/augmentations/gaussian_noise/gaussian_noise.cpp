// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <kith/augmentation.hpp>
#include <string>
#include <vector>

#include "normal_noise.h"

namespace {

/// Adds independent normal noise to every value.
class GaussianNoise : public kith::FilterAugmentation {
 public:
  static constexpr kith::Identity identity{.id = "org.kith.gaussian_noise",
                                           .version = "0.1.0",
                                           .licence = "Apache-2.0",
                                           .summary = "adds normal noise to every value"};
  static constexpr auto options =
      kith::options(kith::reals("sigma", 0.04, 0.1)
                        .range(0, 10)
                        .length(2, 2)
                        .unit("share of white")
                        .help("smallest and largest standard deviation, uniform between them"));
  static constexpr kith::AugmentationTraits traits{.rounds = true};

  struct Params {
    double sigma;        // share of white
    std::uint32_t seed;  // of the noise itself
  };
  static constexpr auto fields =
      kith::fields(kith::field("sigma", &Params::sigma), kith::field("seed", &Params::seed));

  explicit GaussianNoise(const kith::Options& o) {
    const std::vector<double> sigma = o.reals("sigma");
    low_ = sigma[0], high_ = sigma[1];
    if (low_ > high_)
      throw kith::ConfigError("gaussian_noise: sigma must be [smallest, largest], got [" +
                              std::to_string(low_) + ", " + std::to_string(high_) + "]");
  }

  Params draw(const kith::DrawSource& source) const {
    return {.sigma = source.uniform("sigma", low_, high_),
            .seed = static_cast<std::uint32_t>(source.stream("seed").bits_at(0) >> 32)};
  }

  void apply(const Params& drawn, kith::ViewPixels view) const {
    const auto sigma = static_cast<float>(drawn.sigma * static_cast<double>(view.white()));
    for (std::uint32_t c = 0; c < view.channels(); ++c)
      noise::add_noise(view.plane(c), sigma, drawn.seed, c, view.is_pillow8());
  }

 private:
  double low_, high_;
};

}  // namespace

KITH_PLUGIN(GaussianNoise);
