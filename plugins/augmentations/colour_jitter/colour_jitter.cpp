// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <kith/augmentation.hpp>
#include <span>
#include <string>
#include <vector>

#include "colour_operations.h"
#include "tensorflow_operations.h"

namespace {

enum Operation { kBrightness = 0, kContrast = 1, kSaturation = 2, kHue = 3 };
constexpr std::array kNames = {"brightness", "contrast", "saturation", "hue"};

struct Range {
  double low, high;
};

/// Brightness, contrast, saturation and hue by random amounts, in random order (torchvision 0.14;
/// with arithmetic tensorflow SimCLR's released code).
class ColourJitter : public kith::PixelAugmentation {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.colour_jitter",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "changes brightness, contrast, saturation and hue in random order"};
  static constexpr auto options = kith::options(
      kith::real("brightness", 0).range(0, 100).help("factor uniform in [max(0, 1 - x), 1 + x]"),
      kith::real("contrast", 0).range(0, 100).help("factor uniform in [max(0, 1 - x), 1 + x]"),
      kith::real("saturation", 0).range(0, 100).help("factor uniform in [max(0, 1 - x), 1 + x]"),
      kith::real("hue", 0)
          .range(0, 0.5)
          .unit("fraction of the circle")
          .help("shift uniform in [-x, x]"),
      kith::choice("brightness_form", "multiply", "add")
          .help("multiply: by the factor; add: an amount of white uniform in [-x, x]"),
      kith::reals("brightness_range")
          .range(0, 100)
          .length(0, 2)
          .help("[lowest, highest] factor, in place of brightness"),
      kith::reals("contrast_range")
          .range(0, 100)
          .length(0, 2)
          .help("[lowest, highest] factor, in place of contrast"),
      kith::reals("saturation_range")
          .range(0, 100)
          .length(0, 2)
          .help("[lowest, highest] factor, in place of saturation"),
      kith::reals("hue_range")
          .range(-0.5, 0.5)
          .length(0, 2)
          .unit("fraction of the circle")
          .help("[lowest, highest] shift, in place of hue"));
  static constexpr kith::AugmentationTraits traits{.rounds = true};

  /// Three factors and a shift, and which of them (0 brightness ... 3 hue) comes first, second, ...
  /// One that changes nothing (factor 1, shift 0) is left out. Brightness is an amount to be added
  /// with brightness_form = "add".
  struct Params {
    double brightness, contrast, saturation, hue;
    int first, second, third, fourth;
  };
  static constexpr auto fields = kith::fields(
      kith::field("brightness", &Params::brightness), kith::field("contrast", &Params::contrast),
      kith::field("saturation", &Params::saturation), kith::field("hue", &Params::hue),
      kith::field("first", &Params::first), kith::field("second", &Params::second),
      kith::field("third", &Params::third), kith::field("fourth", &Params::fourth));

  explicit ColourJitter(const kith::Options& o) {
    if (o.text("brightness_form") == "add") {
      neutral_[kBrightness] = 0;
      if (!o.reals("brightness_range").empty())
        throw kith::ConfigError(
            "colour_jitter: brightness_range has factors, which brightness_form = \"add\" does not "
            "use; give brightness");
    }
    for (std::size_t i = 0; i < 4; ++i) ranges_[i] = range_of(o, kNames[i], neutral_[i]);
  }

  void check(const kith::AugmentationPlace& place) const {
    for (const Operation operation : {kSaturation, kHue})
      if (place.channels != 3 && !is_neutral(operation))
        throw kith::ConfigError(std::string("colour_jitter: ") + kNames[operation] +
                                " needs 3 channels, the view has " +
                                std::to_string(place.channels) + "; leave it out");
  }

  Params draw(const kith::DrawSource& source) const {
    const auto amount = [&](Operation o) {
      return source.uniform(kNames[o], ranges_[o].low, ranges_[o].high);
    };
    std::array order = {0, 1, 2, 3};
    kith::Draw shuffling = source.stream("order");
    shuffling.shuffle(std::span<int>(order));
    return {amount(kBrightness),
            amount(kContrast),
            amount(kSaturation),
            amount(kHue),
            order[0],
            order[1],
            order[2],
            order[3]};
  }

  /// Contrast needs the mean grey level of what comes before it: it begins a pass.
  kith::Passes passes(const Params& drawn) const {
    const Plan plan(drawn, neutral_);
    if (plan.contrast == plan.size) return {.count = 1, .mean_grey = 0};
    return plan.contrast == 0 ? kith::Passes{.count = 1, .mean_grey = 1}
                              : kith::Passes{.count = 2, .mean_grey = 2};
  }

  void apply(const Params& drawn, kith::PixelRun run) const {
    const Plan plan(drawn, neutral_);
    const bool split = plan.contrast != plan.size && plan.contrast != 0;
    const std::size_t begin = run.pass() == 0 ? 0 : plan.contrast;
    const std::size_t end = split && run.pass() == 0 ? plan.contrast : plan.size;
    for (std::size_t i = begin; i < end; ++i) apply_one(plan.operations[i], drawn, run);
  }

 private:
  using Amounts = std::array<double, 4>;

  void apply_one(Operation operation, const Params& drawn, kith::PixelRun run) const {
    const bool tensorflow = run.is_tensorflow();
    switch (operation) {
      case kBrightness:
        if (neutral_[kBrightness] == 0) {
          colour::add_white(run, drawn.brightness);
        } else {
          colour::blend_with(run, 0, drawn.brightness);
        }
        break;
      case kContrast:
        if (tensorflow) {
          colour::blend_with_channel_means(run, drawn.contrast);
        } else {
          colour::blend_with(run, run.mean_grey(), drawn.contrast);
        }
        break;
      case kSaturation:
        (tensorflow ? colour::scale_saturation : colour::blend_with_grey)(run, drawn.saturation);
        break;
      case kHue:
        (tensorflow ? colour::turn_hue : colour::shift_hue)(run, drawn.hue);
        break;
    }
  }

  /// The operations that change something, in their order, and where contrast is among them (size:
  /// nowhere).
  struct Plan {
    Plan(const Params& p, const Amounts& neutral) {
      const Amounts amounts = {p.brightness, p.contrast, p.saturation, p.hue};
      for (const int o : {p.first, p.second, p.third, p.fourth}) {
        const std::size_t i = static_cast<std::size_t>(o) & 3;
        if (amounts[i] != neutral[i]) operations[size++] = static_cast<Operation>(i);
      }
      contrast = static_cast<std::size_t>(
          std::find(operations.begin(), operations.begin() + size, kContrast) - operations.begin());
    }
    std::array<Operation, 4> operations{};
    std::size_t size = 0;
    std::size_t contrast = 0;
  };

  bool is_neutral(Operation o) const {
    return ranges_[o].low == neutral_[o] && ranges_[o].high == neutral_[o];
  }

  static Range range_of(const kith::Options& o, const std::string& name, double neutral) {
    const double strength = o.real(name);
    const std::vector<double> range = o.reals(name + "_range");
    if (range.empty())
      return {neutral == 0 ? -strength : std::max(0.0, 1 - strength), neutral + strength};
    if (strength != 0)
      throw kith::ConfigError("colour_jitter: give " + name + " or " + name + "_range, not both");
    if (range.size() != 2 || range[0] > range[1])
      throw kith::ConfigError("colour_jitter: " + name + "_range must be [lowest, highest], got " +
                              (range.size() == 2 ? "[" + std::to_string(range[0]) + ", " +
                                                       std::to_string(range[1]) + "]"
                                                 : std::to_string(range.size()) + " numbers"));
    return {range[0], range[1]};
  }

  Amounts neutral_ = {1, 1, 1, 0};  // what changes nothing
  std::array<Range, 4> ranges_{};
};

}  // namespace

KITH_PLUGIN(ColourJitter);
