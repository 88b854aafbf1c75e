// SPDX-License-Identifier: Apache-2.0
#include <kith/augmentation.hpp>

namespace {

KITH_CPU_VARIANTS void invert_from(float* values, std::size_t size, float threshold, float white) {
  for (std::size_t i = 0; i < size; ++i)
    values[i] = values[i] < threshold ? values[i] : white - values[i];
}

/// Inverts every value from a threshold on.
class Solarise : public kith::PixelAugmentation {
 public:
  static constexpr kith::Identity identity{.id = "org.kith.solarise",
                                           .version = "0.1.0",
                                           .licence = "Apache-2.0",
                                           .summary = "inverts every value from a threshold on"};
  static constexpr auto options =
      kith::options(kith::real("threshold", 128)
                        .range(0, 256)
                        .unit("level")
                        .help("values from this 8-bit level on are inverted; 256: none"));
  static constexpr kith::AugmentationTraits traits{.rounds = true};

  explicit Solarise(const kith::Options& o) : threshold_(o.real("threshold")) {}

  void apply(kith::PixelRun run) const {
    // On [0, 1] the threshold 128 is 0.5, as published code has it, not 128 / 255.
    const double threshold = run.is_pillow8() ? threshold_ : threshold_ / 256;
    for (float* plane : run.planes())
      invert_from(plane, run.size(), static_cast<float>(threshold), run.white());
  }

 private:
  double threshold_;
};

}  // namespace

KITH_PLUGIN(Solarise);
