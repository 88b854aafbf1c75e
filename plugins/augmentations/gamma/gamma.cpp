// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>
#include <kith/augmentation.hpp>

namespace {

/// v^gamma on values in [0, 1], with ln(gamma) uniform: brightens or darkens the middle, keeps
/// black and white.
class Gamma : public kith::PixelAugmentation {
 public:
  static constexpr kith::Identity identity{.id = "org.kith.gamma",
                                           .version = "0.1.0",
                                           .licence = "Apache-2.0",
                                           .summary = "raises every value to a random power"};
  static constexpr auto options =
      kith::options(kith::real("log_gamma", 0.5)
                        .range(0, 5)
                        .help("gamma is exp(u) with u uniform in [-log_gamma, log_gamma]"));
  static constexpr kith::AugmentationTraits traits{.rounds = true};

  struct Params {
    double gamma;
  };
  static constexpr auto fields = kith::fields(kith::field("gamma", &Params::gamma));

  explicit Gamma(const kith::Options& o) : log_gamma_(o.real("log_gamma")) {
    for (std::size_t level = 1; level < 256; ++level)
      log_level_[level] = std::log(static_cast<double>(level) / 255);
  }

  Params draw(const kith::DrawSource& source) const {
    return {.gamma = std::exp(source.uniform("gamma", -log_gamma_, log_gamma_))};
  }

  void apply(const Params& drawn, kith::PixelRun run) const {
    if (run.is_pillow8()) {
      apply_table(drawn.gamma, run);
    } else {
      const auto gamma = static_cast<float>(drawn.gamma);
      for (float* plane : run.planes())
        for (std::size_t i = 0; i < run.size(); ++i)
          plane[i] = plane[i] > 0 ? std::pow(plane[i], gamma) : 0.0F;
    }
  }

 private:
  /// There are only 256 levels: each is raised once.
  void apply_table(double gamma, kith::PixelRun run) const {
    std::array<float, 256> table{};
    for (std::size_t level = 1; level < 256; ++level)
      table[level] =
          static_cast<float>(std::floor(255 * std::exp(gamma * log_level_[level]) + 0.5));
    for (float* plane : run.planes())
      for (std::size_t i = 0; i < run.size(); ++i)
        plane[i] = table[static_cast<std::size_t>(static_cast<int>(plane[i])) & 255];
  }

  double log_gamma_;
  std::array<double, 256> log_level_{};
};

}  // namespace

KITH_PLUGIN(Gamma);
