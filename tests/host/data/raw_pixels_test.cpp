// SPDX-License-Identifier: Apache-2.0
#include "data/raw_pixels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <kith/error.hpp>

#include "data_files.h"

namespace kith::host {
namespace {

using test::error_text;
using test::MemorySource;

Dataset dataset_of(int height, int width, std::int64_t count = 3) {
  Source source = test::memory_source(count);
  auto& train = static_cast<MemorySource&>(*source.train);
  train.height = height;
  train.width = width;
  return Dataset(std::move(source), 0);
}

/// Every other image is wider; all pixels of image i are 10 i.
class FlatSource : public MemorySource {
 public:
  ImageSize image_size(std::int64_t index) const override {
    return {height, width + static_cast<int>(index % 2) * 3, channels};
  }
  void decode(std::int64_t index, Image& out) const override {
    out.resize(image_size(index));
    std::fill(out.pixels.begin(), out.pixels.end(), static_cast<std::uint8_t>(10 * index));
  }
};

TEST(RawPixelsTest, LeavesSmallImagesAsTheyAre) {
  const Dataset dataset = dataset_of(4, 5);
  const RawPixels raw = raw_pixels(dataset, Split::kTrain, 32, 2);
  ASSERT_EQ(raw.rows, 3);
  ASSERT_EQ(raw.columns, 60);
  for (std::uint32_t i = 0; i < 3; ++i) {
    const Image image = test::noise_image(4, 5, 3, i);
    for (std::size_t p = 0; p < 60; ++p) {
      ASSERT_EQ(raw.values[i * 60 + p], static_cast<float>(image.pixels[p]) / 255.0F);
    }
  }
}

TEST(RawPixelsTest, ScalesInProportionToTheLongerSide) {
  EXPECT_EQ(raw_pixel_size(dataset_of(64, 128), 32), (ImageSize{16, 32, 3}));
  EXPECT_EQ(raw_pixel_size(dataset_of(1, 100), 10), (ImageSize{1, 10, 3}));
  EXPECT_EQ(raw_pixel_size(dataset_of(28, 28), 32), (ImageSize{28, 28, 3}));
}

TEST(RawPixelsTest, HalvingWeighsFourPixelsAsATriangle) {
  // By hand: scale 2, support 2: in the middle the weights are 1/8, 3/8, 3/8, 1/8; at the edges
  // 3/7, 3/7, 1/7.
  const Dataset dataset = dataset_of(1, 8, 1);
  const RawPixels raw = raw_pixels(dataset, Split::kTrain, 4, 1);
  ASSERT_EQ(raw.size, (ImageSize{1, 4, 3}));
  const Image image = test::noise_image(1, 8, 3, 0);
  const auto at = [&](int x) {
    return static_cast<double>(image.pixels[static_cast<std::size_t>(3 * x)]);
  };
  EXPECT_NEAR(raw.values[0], (3 * at(0) + 3 * at(1) + at(2)) / 7 / 255, 1e-6);
  EXPECT_NEAR(raw.values[3], (at(1) + 3 * at(2) + 3 * at(3) + at(4)) / 8 / 255, 1e-6);
}

TEST(RawPixelsTest, MakesSquaresOfImagesThatDifferInSize) {
  Source source = test::memory_source(0);
  auto train = std::make_unique<FlatSource>();
  train->count = 4;
  source.train = std::move(train);
  const Dataset dataset(std::move(source), 0);
  const RawPixels raw = raw_pixels(dataset, Split::kTrain, 8, 3);
  ASSERT_EQ(raw.size, (ImageSize{8, 8, 3}));
  for (std::size_t i = 0; i < raw.values.size(); ++i) {
    ASSERT_NEAR(raw.values[i], 10.0 * static_cast<double>(i / 192) / 255, 1e-6);  // float32
  }
}

TEST(RawPixelsTest, RefusesASideBelowOne) {
  EXPECT_EQ(error_text<ConfigError>([] { raw_pixel_size(dataset_of(4, 5), 0); }),
            "raw pixels: max_side must be at least 1, got 0");
}

}  // namespace
}  // namespace kith::host
