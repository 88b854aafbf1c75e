// SPDX-License-Identifier: Apache-2.0
#include <kith/augmentation.hpp>
#include <string>
#include <vector>

namespace {

KITH_CPU_VARIANTS void standardise_values(float* values, std::size_t size, float mean, float std) {
  for (std::size_t i = 0; i < size; ++i) values[i] = (values[i] - mean) / std;
}

/// Levels are whole: v / 255 is v / 256 and v / 256 / 255, of which the sum is rounded as the
/// quotient is. One division is left.
KITH_CPU_VARIANTS void standardise_levels(float* levels, std::size_t size, float mean, float std) {
  constexpr float kFirst = 1.0F / 256, kSecond = 1.0F / (256 * 255);
  for (std::size_t i = 0; i < size; ++i) {
    const float value = levels[i] * kFirst + levels[i] * kSecond;
    levels[i] = (value - mean) / std;
  }
}

/// (v - mean) / std by channel, on values in [0, 1]. The last augmentation of a list.
class Normalise : public kith::PixelAugmentation {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.normalise",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "subtracts a mean and divides by a standard deviation, by channel"};
  static constexpr auto options =
      kith::options(kith::choice("statistics", "given", "imagenet", "cifar10", "cifar100", "mnist",
                                 "fashion_mnist", "measure")
                        .help("given: mean and std as written; measure: those of train's images"),
                    kith::reals("mean", 0.485, 0.456, 0.406)
                        .range(-10, 10)
                        .length(1, 4)
                        .when("statistics", "imagenet", 0.485, 0.456, 0.406)
                        .when("statistics", "cifar10", 0.4914, 0.4822, 0.4465)
                        .when("statistics", "cifar100", 0.5071, 0.4867, 0.4408)
                        .when("statistics", "mnist", 0.1307)
                        .when("statistics", "fashion_mnist", 0.2860)
                        .when("statistics", "measure", kith::Measure::kChannelMean)
                        .help("by channel, of values in [0, 1]; the default is ImageNet's"),
                    kith::reals("std", 0.229, 0.224, 0.225)
                        .range(1e-6, 10)
                        .length(1, 4)
                        .when("statistics", "imagenet", 0.229, 0.224, 0.225)
                        .when("statistics", "cifar10", 0.2470, 0.2435, 0.2616)
                        .when("statistics", "cifar100", 0.2675, 0.2565, 0.2761)
                        .when("statistics", "mnist", 0.3081)
                        .when("statistics", "fashion_mnist", 0.3530)
                        .when("statistics", "measure", kith::Measure::kChannelStd)
                        .help("by channel, of values in [0, 1]; the default is ImageNet's"));
  static constexpr kith::AugmentationTraits traits{
      .deterministic = true, .rounds = true, .final = true};

  explicit Normalise(const kith::Options& o) : mean_(o.reals("mean")), std_(o.reals("std")) {}

  void check(const kith::AugmentationPlace& place) const {
    require_length("mean", mean_, place.channels);
    require_length("std", std_, place.channels);
  }

  void apply(kith::PixelRun run) const {
    for (std::uint32_t c = 0; c < run.channels(); ++c)
      (run.is_pillow8() ? standardise_levels : standardise_values)(
          run.planes()[c], run.size(), static_cast<float>(mean_[c]), static_cast<float>(std_[c]));
  }

 private:
  static void require_length(const std::string& name, const std::vector<double>& list,
                             std::uint32_t channels) {
    if (list.size() != channels)
      throw kith::ConfigError("normalise: " + name + " must have one number for each of the " +
                              std::to_string(channels) + " channels, got " +
                              std::to_string(list.size()));
  }

  std::vector<double> mean_, std_;
};

}  // namespace

KITH_PLUGIN(Normalise);
