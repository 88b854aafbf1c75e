// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <kith/augmentation.hpp>

#include "edge_strength.h"

namespace {

/// Replaces the view by the strength of its edges.
class Sobel : public kith::FilterAugmentation {
 public:
  static constexpr kith::Identity identity{.id = "org.kith.sobel",
                                           .version = "0.1.0",
                                           .licence = "Apache-2.0",
                                           .summary = "leaves the strength of edges"};
  static constexpr auto options =
      kith::options(kith::choice("edges_of", "channels", "grey")
                        .help("channels: each channel's own; grey: those of the grey version, in "
                              "every channel"));
  static constexpr kith::AugmentationTraits traits{.rounds = true};

  explicit Sobel(const kith::Options& o) : is_grey_(o.text("edges_of") == "grey") {}

  std::size_t scratch_size(std::size_t height, std::size_t width, std::uint32_t) const {
    return edges::padded_size(height, width);
  }

  void apply(kith::ViewPixels view) const {
    const bool grey = is_grey_ && view.channels() == 3;
    if (grey)
      (view.is_pillow8() ? edges::grey_levels : edges::grey_values)(
          view.plane(0).data(), view.plane(1).data(), view.plane(2).data(), view.size());
    const std::uint32_t own = grey ? 1 : view.channels();
    for (std::uint32_t c = 0; c < own; ++c)
      edges::to_edge_strength(view.plane(c).data(), view.height(), view.width(), view.is_pillow8(),
                              view.scratch());
    for (std::uint32_t c = own; c < view.channels(); ++c)
      std::copy(view.plane(0).begin(), view.plane(0).end(), view.plane(c).begin());
  }

 private:
  bool is_grey_;
};

}  // namespace

KITH_PLUGIN(Sobel);
