// SPDX-License-Identifier: Apache-2.0
#include "augment/resample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "augment/view_pipeline.h"
#include "golden/golden_file.h"

namespace kith::host {
namespace {

Axis whole(int from, int to) {
  return {.box_start = 0,
          .box_size = static_cast<double>(from),
          .low = 0,
          .high = from,
          .out_size = to,
          .first = 0,
          .count = to,
          .mirrored = false};
}

std::vector<std::uint8_t> resize(const ImageView& image, const Axis& x, const Axis& y,
                                 ResizeFilter filter) {
  AxisTaps x_taps, y_taps;
  ResampleScratch scratch;
  x_taps.compute(x, filter);
  y_taps.compute(y, filter);
  const auto row = static_cast<std::size_t>(x.count * image.channels);
  std::vector<std::uint8_t> out(row * static_cast<std::size_t>(y.count));
  resample_levels(image, x_taps, y_taps, out.data(), row, scratch);
  return out;
}

// By hand: halving averages with the weights 1 3 3 1 (a triangle two pixels wide), cut at the ends
// to 3 3 1 and 1 3 3.
TEST(ResampleTest, WidensTheFilterWithTheReduction) {
  const std::vector<std::uint8_t> row = {0, 70, 140, 210};
  const auto out = resize({row.data(), 1, 4, 1}, whole(4, 2), whole(1, 1), ResizeFilter::kBilinear);
  EXPECT_EQ(out, (std::vector<std::uint8_t>{
                     50, 160}));  // (0*3 + 70*3 + 140) / 7; (70 + 140*3 + 210*3) / 7
}

TEST(ResampleTest, CopiesWhereNothingChanges) {
  std::vector<std::uint8_t> pixels(5 * 4 * 3);
  std::iota(pixels.begin(), pixels.end(), std::uint8_t{0});
  EXPECT_EQ(resize({pixels.data(), 5, 4, 3}, whole(4, 4), whole(5, 5), ResizeFilter::kBicubic),
            pixels);
}

TEST(ResampleTest, MirrorsExactly) {
  std::vector<std::uint8_t> pixels(40 * 30);
  for (std::size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<std::uint8_t>(i * 37 % 251);
  const ImageView image{pixels.data(), 40, 30, 1};
  for (const int size : {30, 17, 64}) {
    Axis mirrored = whole(30, size);
    mirrored.mirrored = true;
    auto expected = resize(image, whole(30, size), whole(40, 20), ResizeFilter::kBicubic);
    for (int y = 0; y < 20; ++y)
      std::reverse(expected.begin() + y * size, expected.begin() + (y + 1) * size);
    EXPECT_EQ(resize(image, mirrored, whole(40, 20), ResizeFilter::kBicubic), expected) << size;
  }
}

TEST(ResampleTest, MakesAPartOfTheResultAsTheWhole) {
  std::vector<std::uint8_t> pixels(1 * 50);
  for (std::size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<std::uint8_t>(i * 91 % 256);
  const ImageView image{pixels.data(), 1, 50, 1};
  const auto all = resize(image, whole(50, 33), whole(1, 1), ResizeFilter::kBilinear);
  Axis part = whole(50, 33);
  part.first = 10;
  part.count = 7;
  const auto some = resize(image, part, whole(1, 1), ResizeFilter::kBilinear);
  EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin() + 10));
}

/// The rule, pixel by pixel: each pass rounded to levels.
std::vector<std::uint8_t> resize_slowly(const ImageView& image, const Axis& x, const Axis& y,
                                        ResizeFilter filter) {
  AxisTaps x_taps, y_taps;
  x_taps.compute(x, filter);
  y_taps.compute(y, filter);
  const int channels = image.channels;
  const auto weighted = [](const AxisTaps& taps, int out, const auto& level_at) {
    std::int64_t sum = 1 << (AxisTaps::kFractionBits - 1);
    for (int k = 0; k < taps.length(out); ++k)
      sum += std::int64_t{taps.fixed(out)[k]} * level_at(taps.start(out) + k);
    return static_cast<std::uint8_t>(
        std::clamp<std::int64_t>(sum >> AxisTaps::kFractionBits, 0, 255));
  };
  std::vector<std::uint8_t> out;
  for (int row = 0; row < y.count; ++row)
    for (int column = 0; column < x.count; ++column)
      for (int c = 0; c < channels; ++c)
        out.push_back(weighted(y_taps, row, [&](int from) {
          return weighted(x_taps, column,
                          [&](int pixel) { return image.row(from)[pixel * channels + c]; });
        }));
  return out;
}

TEST(ResampleTest, EqualsTheRulePixelByPixelForAnySize) {
  std::vector<std::uint8_t> pixels(71 * 67 * 3);
  for (std::size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<std::uint8_t>(i * i * 31 % 256);
  for (const int channels : {1, 3})
    for (const auto& [height, width] : {std::pair{1, 1}, {1, 67}, {32, 5}, {33, 40}, {71, 67}})
      for (const int size : {1, 7, 32, 90})  // up to 143 pixels in a sum
        for (const ResizeFilter filter : {ResizeFilter::kBilinear, ResizeFilter::kBicubic}) {
          const ImageView image{pixels.data(), height, width, channels};
          EXPECT_EQ(resize(image, whole(width, size), whole(height, size + 1), filter),
                    resize_slowly(image, whole(width, size), whole(height, size + 1), filter))
              << height << " x " << width << " x " << channels << " to " << size;
        }
}

TEST(ResampleTest, EqualsPillowOnWholePictures) {
  if (!golden::find_golden_folder()) GTEST_SKIP() << "no golden folder; set KITH_GOLDEN";
  golden::Tally tally("augment.h5, resize of a whole picture and centre crop");
  for (const golden::Case& c : golden::read_cases("augment.h5")) {
    if (c.name() != "crop") {
      tally.skip("case '" + c.name() + "'");
      continue;
    }
    SCOPED_TRACE(c.where());
    const golden::Array picture = c.input("image");
    const ImageView image{picture.bytes().data(), static_cast<int>(picture.shape()[0]),
                          static_cast<int>(picture.shape()[1]), 3};
    for (const auto& [name, filter] : {std::pair{"resize_short_bilinear", ResizeFilter::kBilinear},
                                       std::pair{"resize_short_bicubic", ResizeFilter::kBicubic}}) {
      const golden::Array expected = c.output(name);
      const auto height = static_cast<int>(expected.shape()[0]),
                 width = static_cast<int>(expected.shape()[1]);
      EXPECT_EQ(resize(image, whole(image.width, width), whole(image.height, height), filter),
                expected.bytes());
      tally.check();
    }
    // As evaluation asks for it: the shorter side, then the middle, in one sampling.
    const auto size = static_cast<int>(c.integer("center_crop"));
    const ViewPipeline pipeline({}, {.height = size,
                                     .width = size,
                                     .channels = 3,
                                     .resize = static_cast<int>(c.integer("resize_short")),
                                     .resize_filter = ResizeFilter::kBicubic});
    ViewScratch scratch;
    std::vector<std::uint8_t> out(pipeline.spec().floats());
    pipeline.replay_levels(image, {}, out.data(), scratch);
    EXPECT_EQ(out, c.output("center_crop").bytes());
    tally.check();
  }
  EXPECT_GT(tally.checked(), 0);
}

}  // namespace
}  // namespace kith::host
