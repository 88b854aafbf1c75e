// SPDX-License-Identifier: Apache-2.0
#include <kith/augmentation.hpp>

namespace {

/// Pillow's 8-bit luma (ITU-R BT.601 in 16 fraction bits).
KITH_CPU_VARIANTS void to_grey_levels(float* r, float* g, float* b, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    const int grey = (19595 * static_cast<int>(r[i]) + 38470 * static_cast<int>(g[i]) +
                      7471 * static_cast<int>(b[i]) + 32768) >>
                     16;
    r[i] = g[i] = b[i] = static_cast<float>(grey);
  }
}

/// torchvision's weights on float tensors.
KITH_CPU_VARIANTS void to_grey_values(float* r, float* g, float* b, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i)
    r[i] = g[i] = b[i] = 0.2989F * r[i] + 0.587F * g[i] + 0.114F * b[i];
}

/// Makes the picture grey; it keeps three channels, now equal.
class Grayscale : public kith::PixelAugmentation {
 public:
  static constexpr kith::Identity identity{.id = "org.kith.grayscale",
                                           .version = "0.1.0",
                                           .licence = "Apache-2.0",
                                           .summary = "makes the picture grey in three channels"};
  static constexpr auto options = kith::options();
  static constexpr kith::AugmentationTraits traits{.channels = "3", .rounds = true};

  explicit Grayscale(const kith::Options&) {}

  void apply(kith::PixelRun run) const {
    const auto planes = run.planes();
    (run.is_pillow8() ? to_grey_levels : to_grey_values)(planes[0], planes[1], planes[2],
                                                         run.size());
  }
};

}  // namespace

KITH_PLUGIN(Grayscale);
