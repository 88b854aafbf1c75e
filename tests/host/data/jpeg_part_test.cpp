// SPDX-License-Identifier: Apache-2.0
//
// A part of a JPEG against the same pixels of a whole decoding.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <kith/error.hpp>
#include <kith/random.hpp>
#include <string>
#include <utility>
#include <vector>

#include "data/file_bytes.h"
#include "data/image_codec.h"
#include "data_files.h"
#include "golden/golden_file.h"

namespace kith::host {
namespace {

using test::Bytes;
using test::error_text;
using test::jpeg_bytes;
using test::noise_image;

/// A box somewhere in the picture; every other one is small.
ImagePart random_part(const ImageSize& size, std::uint64_t number) {
  Draw draw({.seed = 1, .sample = number}, "part");
  const auto below = [&](int limit) {
    return static_cast<int>(draw.below(static_cast<std::uint64_t>(limit)));
  };
  ImagePart part{below(size.height), below(size.width), 0, 0};
  const int most = number % 2 == 0 ? std::max(size.height, size.width) : 20;
  part.height = 1 + below(std::min(most, size.height - part.top));
  part.width = 1 + below(std::min(most, size.width - part.left));
  return part;
}

/// The pixels of a part, row by row.
std::vector<std::uint8_t> pixels_of(const Image& image, const ImagePart& part) {
  std::vector<std::uint8_t> pixels;
  const auto channels = static_cast<std::size_t>(image.size.channels);
  for (int y = part.top; y < part.bottom(); ++y) {
    const auto first = static_cast<std::size_t>(y * image.size.width + part.left) * channels;
    const auto row = image.pixels.begin() + static_cast<std::ptrdiff_t>(first);
    pixels.insert(
        pixels.end(), row,
        row + static_cast<std::ptrdiff_t>(part.width) * static_cast<std::ptrdiff_t>(channels));
  }
  return pixels;
}

void expect_equal_parts(const Bytes& jpeg, int channels, int parts) {
  Image whole;
  decode_image(jpeg, "pic", channels, whole);
  for (int i = 0; i < parts; ++i) {
    const ImagePart part = random_part(whole.size, static_cast<std::uint64_t>(i));
    Image image;
    image.resize(whole.size);
    std::fill(image.pixels.begin(), image.pixels.end(), std::uint8_t{0xa5});
    decode_image_part(jpeg, "pic", channels, part, image);
    ASSERT_EQ(image.size, whole.size);
    ASSERT_EQ(pixels_of(image, part), pixels_of(whole, part))
        << part.height << " x " << part.width << " from row " << part.top << ", column "
        << part.left << " of " << whole.size.height << " x " << whole.size.width;
  }
}

TEST(JpegPartTest, EqualsTheWholeOnEveryGoldenPicture) {
  if (!golden::find_golden_folder()) GTEST_SKIP() << "no golden files";
  golden::Tally tally("jpeg.h5, parts");
  for (const golden::Case& c : golden::read_cases("jpeg.h5")) {
    SCOPED_TRACE(c.where());
    expect_equal_parts(c.input("jpeg").bytes(), 3, 40);
    tally.check();
  }
  EXPECT_GT(tally.checked(), 0);
}

TEST(JpegPartTest, EqualsTheWholeForEverySamplingOfColours) {
  for (const auto& sampling : {std::pair{1, 1}, {2, 1}, {1, 2}, {2, 2}, {4, 1}, {1, 4}, {3, 1}})
    for (const bool progressive : {false, true})
      for (const auto& [height, width] : {std::pair{1, 1}, {70, 90}, {131, 67}}) {
        SCOPED_TRACE(std::to_string(sampling.first) + " x " + std::to_string(sampling.second));
        const Image picture = noise_image(height, width, 3, 5);
        expect_equal_parts(
            jpeg_bytes(height, width, 3, picture.pixels, progressive, false, sampling), 3, 12);
      }
}

TEST(JpegPartTest, EqualsTheWholeOfGreyAndOfInks) {
  for (const int components : {1, 4})
    for (const int channels : {1, 3}) {
      Bytes pixels;
      for (int c = 0; c < components; ++c) {
        const Image plane = noise_image(61, 83, 1, static_cast<std::uint32_t>(c));
        pixels.insert(pixels.end(), plane.pixels.begin(), plane.pixels.end());
      }
      expect_equal_parts(jpeg_bytes(61, 83, components, pixels), channels, 12);
      if (components == 4)
        expect_equal_parts(jpeg_bytes(61, 83, 4, pixels, false, true), channels, 12);
    }
}

TEST(JpegPartTest, EqualsTheWholeOnPhotos) {
  const auto pack = test::find_pack("flickr8k-1000.tar.gz");
  if (!pack) GTEST_SKIP() << "no flickr8k-1000.tar.gz (KITH_DATA)";
  const test::TempFolder folder;
  test::unpack(*pack, folder.path());
  int photos = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder.path())) {
    if (file.path().extension() != ".jpg") continue;
    SCOPED_TRACE(file.path().filename());
    expect_equal_parts(read_file(file.path()), 3, 4);
    ++photos;
  }
  EXPECT_EQ(photos, 1000);
}

TEST(JpegPartTest, DecodesAllWhereThePictureDoesNotHoldThePart) {
  const Image picture = noise_image(20, 30, 3, 5);
  const Bytes jpeg = jpeg_bytes(20, 30, 3, picture.pixels);
  Image whole, image;
  decode_image(jpeg, "pic", 3, whole);
  for (const ImagePart& part :
       {ImagePart{0, 0, 21, 30}, {5, 5, 1, 26}, {-1, 0, 5, 5}, {3, 3, 0, 4}}) {
    image.resize({0, 0, 0});
    decode_image_part(jpeg, "pic", 3, part, image);
    EXPECT_EQ(image.pixels, whole.pixels);
  }
}

TEST(JpegPartTest, MeetsDamageThatLiesBeforeThePart) {
  const Image picture = noise_image(64, 64, 3, 7);
  Bytes jpeg = jpeg_bytes(64, 64, 3, picture.pixels);
  jpeg.resize(jpeg.size() / 2);
  Image image;
  EXPECT_EQ(error_text<DataError>([&] {
              decode_image_part(jpeg, "pic", 3, {60, 0, 4, 4}, image);
            }).find("data: 'pic': damaged JPEG: "),
            0U);
  decode_image_part(jpeg, "pic", 3, {0, 0, 4, 4}, image);  // the rest is not read
}

TEST(PngPartTest, IsDecodedWhole) {
  const Image picture = noise_image(20, 30, 3, 5);
  Image image;
  decode_image_part(test::png_bytes(picture), "pic", 3, {4, 5, 2, 3}, image);
  EXPECT_EQ(image.pixels, picture.pixels);
}

}  // namespace
}  // namespace kith::host
