// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <kith/error.hpp>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "shipped_augmentation.h"
#include "single_augmentation.h"

namespace kith::testing {
namespace {

using host::Arithmetic;
using host::ImageView;
using host::ViewPipeline;
using host::ViewSpec;
using ::testing::HasSubstr;

constexpr ViewSpec kSmallGrey{.height = 16, .width = 16, .channels = 1};
constexpr ViewSpec kSmallColour{.height = 16, .width = 16, .channels = 3};

TEST(RandomResizedCropTest, DrawsBoxesInsideTheImageOfTheAskedAreaAndRatio) {
  const auto rows =
      draw_many(alone("random_resized_crop", {{"area", {0.3, 0.6}}}, kSmallColour), 200, 300, 2000);
  double smallest = 1, largest = 0;
  std::set<double> tops;
  for (const auto& box : rows) {
    const double top = box[0], left = box[1], height = box[2], width = box[3];
    EXPECT_GE(top, 0);
    EXPECT_GE(left, 0);
    EXPECT_LE(top + height, 200);
    EXPECT_LE(left + width, 300);
    // Whole pixels: half a pixel on sides of at least 80.
    EXPECT_GE(width / height, 3.0 / 4 - 0.02);
    EXPECT_LE(width / height, 4.0 / 3 + 0.02);
    smallest = std::min(smallest, height * width / 60000);
    largest = std::max(largest, height * width / 60000);
    tops.insert(top);
  }
  EXPECT_NEAR(smallest, 0.3, 0.01);
  EXPECT_NEAR(largest, 0.6, 0.01);
  EXPECT_GT(tops.size(), 50U);
}

// torchvision 0.14, RandomResizedCrop.get_params, after ten tries: 4 : 3 of a strip 100 px high is
// 133 px wide.
TEST(RandomResizedCropTest, TakesTheLargestMiddleBoxWhereNoneFits) {
  const auto wide = draw_many(alone("random_resized_crop", {{"area", {1.0, 1.0}}}, kSmallColour),
                              100, 1000, 1)[0];
  EXPECT_EQ(wide, (std::vector<double>{0, 433, 100, 133}));
  const auto tall = draw_many(alone("random_resized_crop", {{"area", {1.0, 1.0}}}, kSmallColour),
                              1000, 100, 1)[0];
  EXPECT_EQ(tall, (std::vector<double>{433, 0, 133, 100}));
}

TEST(RandomResizedCropTest, RefusesAFallingRange) {
  EXPECT_THAT(message_of([] { load_augmentation("random_resized_crop", {{"area", {0.9, 0.3}}}); }),
              HasSubstr("random_resized_crop: area must be [smallest, largest], got [0.9"));
}

TEST(RotationTest, DrawsAnglesOnBothSidesUpToItsLimit) {
  const auto rows = draw_many(alone("rotation", {{"degrees", {25.0}}}, kSmallGrey), 16, 16, 1000);
  const auto [low, high] = std::minmax_element(rows.begin(), rows.end());
  EXPECT_NEAR((*low)[0], -25, 0.5);
  EXPECT_NEAR((*high)[0], 25, 0.5);
  EXPECT_GE((*low)[0], -25);
  EXPECT_LE((*high)[0], 25);
}

TEST(RotationTest, LeavesThePictureAloneAtAngleZero) {
  const auto pixels = noise(16, 16, 1);
  EXPECT_EQ(replay(alone("rotation", {}, kSmallGrey), pixels, {{"angle", 0}}), pixels);
}

TEST(ColourJitterTest, DrawsFactorsInTheirRangesAndEveryOrder) {
  const auto rows = draw_many(alone("colour_jitter",
                                    {{"brightness", {0.4}},
                                     {"contrast", {1.5}},
                                     {"saturation_range", {0.5, 0.7}},
                                     {"hue", {0.1}}},
                                    kSmallColour),
                              16, 16, 1000);
  std::set<std::vector<double>> orders;
  for (const auto& row : rows) {
    EXPECT_TRUE(row[0] >= 0.6 && row[0] <= 1.4);
    EXPECT_TRUE(row[1] >= 0 && row[1] <= 2.5);  // max(0, 1 - 1.5)
    EXPECT_TRUE(row[2] >= 0.5 && row[2] <= 0.7);
    EXPECT_TRUE(row[3] >= -0.1 && row[3] <= 0.1);
    orders.insert({row.begin() + 4, row.end()});
  }
  EXPECT_EQ(orders.size(), 24U);
}

TEST(ColourJitterTest, TakesGreyPicturesWithoutSaturationAndHue) {
  EXPECT_EQ(message_of([] {
              alone("colour_jitter", {{"brightness", {0.4}}, {"contrast", {0.4}}}, kSmallGrey);
            }),
            "");
  EXPECT_EQ(message_of([] { alone("colour_jitter", {{"saturation", {0.4}}}, kSmallGrey); }),
            "colour_jitter: saturation needs 3 channels, the view has 1; leave it out");
  EXPECT_EQ(message_of([] { alone("colour_jitter", {{"hue_range", {0.1, 0.2}}}, kSmallGrey); }),
            "colour_jitter: hue needs 3 channels, the view has 1; leave it out");
}

TEST(ColourJitterTest, RefusesTwoWaysToSayOneThing) {
  EXPECT_EQ(message_of([] {
              load_augmentation("colour_jitter", {{"hue", {0.1}}, {"hue_range", {0.1, 0.2}}});
            }),
            "colour_jitter: give hue or hue_range, not both");
  EXPECT_THAT(
      message_of([] { load_augmentation("colour_jitter", {{"contrast_range", {1.4, 0.6}}}); }),
      HasSubstr("colour_jitter: contrast_range must be [lowest, highest], got [1.4"));
  EXPECT_THAT(message_of([] { load_augmentation("colour_jitter", {{"contrast_range", {1.4}}}); }),
              HasSubstr("colour_jitter: contrast_range must be [lowest, highest], got 1 numbers"));
}

TEST(GammaTest, RaisesLevelsAndKeepsBlackAndWhite) {
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < 256; ++i) pixels.push_back(static_cast<std::uint8_t>(i));
  const ViewPipeline pipeline = alone("gamma", {}, kSmallGrey);
  EXPECT_EQ(replay(pipeline, pixels, {{"gamma", 1}}), pixels);
  const auto out = replay(pipeline, pixels, {{"gamma", 2.2}});
  for (int i = 0; i < 256; ++i)
    EXPECT_EQ(out[static_cast<std::size_t>(i)], std::lround(255 * std::pow(i / 255.0, 2.2)));
}

TEST(GammaTest, DrawsItsLogarithmUniformly) {
  double sum = 0;
  for (const auto& row :
       draw_many(alone("gamma", {{"log_gamma", {0.8}}}, kSmallGrey), 16, 16, 4000)) {
    EXPECT_LE(std::abs(std::log(row[0])), 0.8);
    sum += std::log(row[0]);
  }
  EXPECT_NEAR(sum / 4000, 0, 0.037);  // 5 standard errors of 0.8 / sqrt(3 * 4000)
}

TEST(GrayscaleTest, IsRefusedOnGreyPictures) {
  EXPECT_EQ(message_of([] { alone("grayscale", {}, kSmallGrey); }),
            "grayscale: is defined for images of 3 channels, these have 1; leave it out");
}

TEST(NormaliseTest, RefusesStatisticsOfOtherChannels) {
  EXPECT_EQ(message_of([] { alone("normalise", {{"mean", {0.5}}}, kSmallColour); }),
            "normalise: mean must have one number for each of the 3 channels, got 1");
  EXPECT_EQ(message_of([] { alone("normalise", {{"mean", {0.5}}}, kSmallGrey); }),
            "normalise: std must have one number for each of the 1 channels, got 3");
}

// ImageNet: torchvision's models. CIFAR-10: pytorch-cifar, issue 19, and solo-learn. CIFAR-100:
// RepDistiller. MNIST: PyTorch's example. Fashion-MNIST: widely quoted; real_data_test measures the
// mean.
TEST(NormaliseTest, NamedStatisticsAreThePublishedNumbers) {
  const struct {
    std::string word;
    std::vector<double> mean, deviation;
  } published[] = {{"imagenet", {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}},
                   {"cifar10", {0.4914, 0.4822, 0.4465}, {0.2470, 0.2435, 0.2616}},
                   {"cifar100", {0.5071, 0.4867, 0.4408}, {0.2675, 0.2565, 0.2761}},
                   {"mnist", {0.1307}, {0.3081}},
                   {"fashion_mnist", {0.2860}, {0.3530}}};
  const auto option = [](const std::string& name) {
    for (const host::OptionSpec& spec : option_specs("normalise"))
      if (spec.name == name) return spec;
    ADD_FAILURE() << "no option " << name;
    return host::OptionSpec();
  };
  const auto numbers = [&](const std::string& name, const std::string& word) {
    std::vector<double> all;
    const host::OptionSpec spec = option(name);
    for (const host::OptionPreset& preset : spec.presets)
      if (preset.option == "statistics" && preset.word == word)
        for (const host::OptionScalar& value : preset.values)
          all.push_back(std::get<double>(value));
    return all;
  };
  std::vector<std::string> words{"given"};
  for (const auto& set : published) {
    EXPECT_EQ(numbers("mean", set.word), set.mean) << set.word;
    EXPECT_EQ(numbers("std", set.word), set.deviation) << set.word;
    words.push_back(set.word);
  }
  words.emplace_back("measure");
  EXPECT_EQ(option("statistics").choices, words) << "each set is held against its source";
}

TEST(GaussianBlurTest, KeepsAFlatPictureAndRefusesAFallingRange) {
  const std::vector<std::uint8_t> flat(16 * 16, 77);
  for (const std::string kernel : {"pillow", "gaussian23"})  // simclr darkens the edges
    for (const double sigma : {0.01, 0.5, 2.0, 30.0})
      EXPECT_EQ(replay(alone("gaussian_blur", {{"kernel", {kernel}}}, kSmallGrey), flat,
                       {{"sigma", sigma}}),
                flat)
          << kernel << sigma;
  EXPECT_THAT(message_of([] { load_augmentation("gaussian_blur", {{"sigma", {2.0, 0.1}}}); }),
              HasSubstr("gaussian_blur: sigma must be [smallest, largest], got [2.0"));
}

TEST(SolariseTest, InvertsFromTheThresholdOn) {
  std::vector<std::uint8_t> pixels(256, 0);
  pixels[0] = 99, pixels[1] = 100, pixels[2] = 255;
  const auto out = replay(alone("solarise", {{"threshold", {100.0}}}, kSmallGrey), pixels, {});
  EXPECT_EQ(out[0], 99);
  EXPECT_EQ(out[1], 155);
  EXPECT_EQ(out[2], 0);
}

std::vector<std::string> shipped_names() {
  std::vector<std::string> names;
  std::error_code
      missing;  // then there is no test of this suite, which GoogleTest reports as a failure
  const std::filesystem::path folder = KITH_BUILD_DIR "/plugins/augmentations";
  for (const auto& entry : std::filesystem::directory_iterator(folder, missing))
    if (entry.path().extension() == ".so") names.push_back(entry.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

constexpr Arithmetic kArithmetics[] = {Arithmetic::kPillow8, Arithmetic::kFloat,
                                       Arithmetic::kTensorflow};

class EveryAugmentationTest : public ::testing::TestWithParam<std::string> {};

/// Pictures from one pixel on, each arithmetic, grey and colour: values stay finite and, without
/// normalise, in [0, 1]; with pillow8 they are whole levels; and the bytes do not depend on what
/// the scratch space held.
TEST_P(EveryAugmentationTest, MakesSoundViewsOfAnyPicture) {
  const auto augmentation = load_augmentation(GetParam());
  int made = 0;
  for (const int channels : {1, 3}) {
    if (!augmentation->takes_channels(channels)) continue;
    const Settings settings = GetParam() == "normalise" && channels == 1
                                  ? Settings{{"mean", {0.5}}, {"std", {0.25}}}
                                  : Settings{};
    for (const Arithmetic arithmetic : kArithmetics)
      for (const auto& [height, width] : {std::pair{1, 1}, {2, 50}, {37, 23}, {90, 90}}) {
        const ViewPipeline pipeline(
            {{load_augmentation(GetParam(), settings), 1}},
            {.height = 24, .width = 24, .channels = channels, .arithmetic = arithmetic});
        const auto pixels = noise(height, width, channels);
        const ImageView image{pixels.data(), height, width, channels};
        host::ViewScratch scratch;
        std::vector<float> out(pipeline.spec().floats());
        for (std::uint64_t sample = 0; sample < 4; ++sample) {
          const DrawKey key{.seed = 7, .sample = sample};
          pipeline.run(image, key, out.data(), scratch);
          host::ViewScratch fresh;
          std::vector<float> again(out.size());
          pipeline.run(image, key, again.data(), fresh);
          ASSERT_EQ(out, again);
          for (const float value : out) {
            ASSERT_TRUE(std::isfinite(value));
            if (augmentation->final()) continue;
            ASSERT_GE(value, 0);
            ASSERT_LE(value, 1 + 1e-6);  // float32: weights that sum to 1 up to rounding
            if (arithmetic == Arithmetic::kPillow8) {
              ASSERT_EQ(value * 255, std::round(value * 255));
            }
          }
          ++made;
        }
      }
  }
  EXPECT_GT(made, 0);
}

/// Each option at the ends of its range, or each of its choices, the others at their defaults.
std::vector<Settings> extreme_settings(const std::string& name, std::uint32_t channels) {
  std::vector<Settings> all;
  for (const host::OptionSpec& spec : option_specs(name)) {
    const std::uint32_t length =
        std::clamp(channels, spec.min_length, std::min(spec.max_length, 3U));
    for (const auto& end : {spec.min, spec.max})
      if (end)
        all.push_back(
            {{spec.name, std::vector<host::OptionScalar>(spec.is_list ? length : 1, *end)}});
    for (const std::string& choice : spec.choices) all.push_back({{spec.name, {choice}}});
  }
  return all;
}

TEST_P(EveryAugmentationTest, StaysSoundAtTheEndsOfItsOptions) {
  const auto pixels = noise(40, 25, 3);
  for (const Settings& settings : extreme_settings(GetParam(), 3))
    for (const Arithmetic arithmetic : kArithmetics) {
      SCOPED_TRACE(settings[0].first);
      try {
        load_augmentation(GetParam(), settings);
      } catch (const ConfigError& refused) {  // one option that only goes with another
        EXPECT_THAT(refused.what(), HasSubstr(settings[0].first));
        continue;
      }
      const ViewPipeline pipeline =
          alone(GetParam(), settings,
                {.height = 16, .width = 20, .channels = 3, .arithmetic = arithmetic});
      host::ViewScratch scratch;
      std::vector<float> out(pipeline.spec().floats());
      for (std::uint64_t sample = 0; sample < 8; ++sample) {
        pipeline.run({pixels.data(), 40, 25, 3}, {.seed = 3, .sample = sample}, out.data(),
                     scratch);
        for (const float value : out) ASSERT_TRUE(std::isfinite(value));
      }
    }
}

INSTANTIATE_TEST_SUITE_P(Shipped, EveryAugmentationTest, ::testing::ValuesIn(shipped_names()),
                         [](const auto& tested) {
                           std::string name;
                           for (const char c : tested.param)
                             if (c != '_') name += c;
                           return name;
                         });

}  // namespace
}  // namespace kith::testing
