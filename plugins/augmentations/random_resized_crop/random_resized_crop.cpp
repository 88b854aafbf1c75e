// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <kith/augmentation.hpp>
#include <string>
#include <vector>

namespace {

/// Takes a box of random area, shape and place and resizes it to the view (Szegedy et al., arXiv
/// 1409.4842, Sec. 6; the draws as torchvision 0.14 has them).
class RandomResizedCrop : public kith::GeometryAugmentation {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.random_resized_crop",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "takes a box of random area, shape and place and resizes it to the view"};
  static constexpr auto options = kith::options(
      kith::reals("area", 0.08, 1.0)
          .range(1e-6, 1)
          .length(2, 2)
          .unit("fraction")
          .help("smallest and largest area of the box, as a share of the image's"),
      kith::reals("ratio", 3.0 / 4, 4.0 / 3)
          .range(1e-3, 1e3)
          .length(2, 2)
          .help("smallest and largest width / height of the box"),
      kith::choice("filter", "bilinear", "bicubic").help("of the resize; both are antialiased"));
  static constexpr kith::AugmentationTraits traits{.resizes = true};

  struct Params {
    double top, left, height, width;  // px of the image, whole numbers
  };
  static constexpr auto fields =
      kith::fields(kith::field("top", &Params::top), kith::field("left", &Params::left),
                   kith::field("height", &Params::height), kith::field("width", &Params::width));

  explicit RandomResizedCrop(const kith::Options& o)
      : filter_(o.text("filter") == "bicubic" ? KITH_RESIZE_BICUBIC : KITH_RESIZE_BILINEAR) {
    const auto area = o.reals("area"), ratio = o.reals("ratio");
    require_rising("area", area);
    require_rising("ratio", ratio);
    min_area_ = area[0], max_area_ = area[1];
    min_ratio_ = ratio[0], max_ratio_ = ratio[1];
  }

  Params draw(const kith::DrawSource& source) const {
    const auto height = static_cast<double>(source.height());
    const auto width = static_cast<double>(source.width());
    kith::Draw area = source.stream("area"), ratio = source.stream("ratio");
    kith::Draw top = source.stream("top"), left = source.stream("left");
    for (int i = 0; i < 10; ++i) {
      const double box_area = height * width * area.uniform(min_area_, max_area_);
      const double box_ratio = std::exp(ratio.uniform(std::log(min_ratio_), std::log(max_ratio_)));
      const double w = std::nearbyint(std::sqrt(box_area * box_ratio));
      const double h = std::nearbyint(std::sqrt(box_area / box_ratio));
      if (w < 1 || h < 1 || w > width || h > height) continue;
      return {.top = static_cast<double>(top.below(static_cast<std::uint64_t>(height - h) + 1)),
              .left = static_cast<double>(left.below(static_cast<std::uint64_t>(width - w) + 1)),
              .height = h,
              .width = w};
    }
    return largest_in_the_middle(height, width);
  }

  void apply(const Params& drawn, kith::Geometry& step) const {
    step.box_top = drawn.top, step.box_left = drawn.left;
    step.box_height = drawn.height, step.box_width = drawn.width;
    step.out_height = step.view_height, step.out_width = step.view_width;
    step.filter = filter_;
  }

 private:
  static void require_rising(const std::string& name, const std::vector<double>& range) {
    if (range[0] > range[1])
      throw kith::ConfigError("random_resized_crop: " + name +
                              " must be [smallest, largest], got [" + std::to_string(range[0]) +
                              ", " + std::to_string(range[1]) + "]");
  }

  /// Where ten boxes did not fit: the largest box in the middle whose shape is allowed.
  Params largest_in_the_middle(double height, double width) const {
    double h = height, w = width;
    if (width / height < min_ratio_) h = std::max(1.0, std::nearbyint(width / min_ratio_));
    if (width / height > max_ratio_) w = std::max(1.0, std::nearbyint(height * max_ratio_));
    return {.top = std::floor((height - h) / 2),
            .left = std::floor((width - w) / 2),
            .height = h,
            .width = w};
  }

  std::uint32_t filter_;
  double min_area_, max_area_, min_ratio_, max_ratio_;
};

}  // namespace

KITH_PLUGIN(RandomResizedCrop);
