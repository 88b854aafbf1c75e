// SPDX-License-Identifier: Apache-2.0
#include "data/image_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>
#include <zlib.h>

#include <algorithm>
#include <iostream>
#include <kith/error.hpp>

#include "data_files.h"
#include "golden/golden_file.h"

namespace kith::host {
namespace {

using test::Bytes;
using test::error_text;
using test::jpeg_bytes;
using test::noise_image;
using test::png_bytes;
using test::PngLayout;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Image decode(const Bytes& bytes, int channels = 3) {
  Image image;
  decode_image(bytes, "pic", channels, image);
  return image;
}

std::string decode_error(const Bytes& bytes) {
  return error_text<DataError>([&] { decode(bytes); });
}

// A smooth picture, so that quality 95 stays near it.
Bytes ramp(int height, int width, int components) {
  Bytes pixels;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < components; ++c) {
        pixels.push_back(static_cast<std::uint8_t>(2 * y + 3 * x + 20 * c));
      }
    }
  }
  return pixels;
}

TEST(JpegCodecTest, EqualsPillowOnEveryGoldenPicture) {
  if (!golden::find_golden_folder()) GTEST_SKIP() << "no golden files";
  golden::Tally tally("jpeg.h5");
  for (const golden::Case& c : golden::read_cases("jpeg.h5")) {
    SCOPED_TRACE(c.where());
    const golden::Array expected = c.output("pixels");
    const Image image = decode(c.input("jpeg").bytes());
    EXPECT_THAT(expected.shape(), ElementsAre(image.size.height, image.size.width, 3));
    EXPECT_EQ(image.pixels, expected.bytes());
    tally.check();
  }
  EXPECT_GT(tally.checked(), 0);
}

TEST(JpegCodecTest, ReadsBaselineAndProgressiveAlike) {
  const Bytes pixels = ramp(20, 30, 3);
  const Image baseline = decode(jpeg_bytes(20, 30, 3, pixels, false));
  EXPECT_EQ(baseline.pixels, decode(jpeg_bytes(20, 30, 3, pixels, true)).pixels);
  ASSERT_EQ(baseline.size, (ImageSize{20, 30, 3}));
  for (std::size_t i = 0; i < pixels.size(); ++i) ASSERT_NEAR(baseline.pixels[i], pixels[i], 12);
}

TEST(JpegCodecTest, RepeatsGreyToThreeChannels) {
  const Bytes jpeg = jpeg_bytes(9, 7, 1, ramp(9, 7, 1));
  const Image grey = decode(jpeg, 1), colour = decode(jpeg, 3);
  ASSERT_EQ(colour.size, (ImageSize{9, 7, 3}));
  for (std::size_t i = 0; i < colour.pixels.size(); ++i) {
    ASSERT_EQ(colour.pixels[i], grey.pixels[i / 3]);
  }
}

TEST(JpegCodecTest, TurnsColourToGreyByTheRuleOfPillow) {
  const Bytes jpeg = jpeg_bytes(9, 7, 3, ramp(9, 7, 3));
  const Image grey = decode(jpeg, 1), colour = decode(jpeg, 3);
  for (std::size_t i = 0; i < grey.pixels.size(); ++i) {
    const std::uint8_t* p = colour.pixels.data() + 3 * i;
    ASSERT_EQ(grey.pixels[i], (19595 * p[0] + 38470 * p[1] + 7471 * p[2] + 32768) >> 16);
  }
}

TEST(JpegCodecTest, ReadsInvertedCmykAsAdobeWritesIt) {
  // By hand: stored 255 - ink. No ink at all is white; full cyan is (0, 255, 255); full black is 0.
  const auto one_colour = [](Bytes stored) {
    Bytes pixels;
    for (int i = 0; i < 64; ++i) pixels.insert(pixels.end(), stored.begin(), stored.end());
    return decode(jpeg_bytes(8, 8, 4, pixels));
  };
  const auto near = [](const Image& image, int r, int g, int b) {
    EXPECT_NEAR(image.pixels[0], r, 2);
    EXPECT_NEAR(image.pixels[1], g, 2);
    EXPECT_NEAR(image.pixels[2], b, 2);
  };
  near(one_colour({255, 255, 255, 255}), 255, 255, 255);
  near(one_colour({0, 255, 255, 255}), 0, 255, 255);
  near(one_colour({255, 255, 255, 0}), 0, 0, 0);
  near(one_colour({255, 128, 255, 128}), 128, 64, 128);
}

TEST(JpegCodecTest, ReadsYcckAsTheCmykThatItStandsFor) {
  // A smooth picture, whose inks the other colour space and its subsampling keep within a few
  // levels.
  Bytes pixels;
  for (int i = 0; i < 16 * 16; ++i) {
    for (const int c : {100 + i / 16, 180, 220 - i / 16, 200}) {
      pixels.push_back(static_cast<std::uint8_t>(c));
    }
  }
  const Image cmyk = decode(jpeg_bytes(16, 16, 4, pixels));
  const Image ycck = decode(jpeg_bytes(16, 16, 4, pixels, false, true));
  ASSERT_EQ(ycck.size, cmyk.size);
  for (std::size_t i = 0; i < cmyk.pixels.size(); ++i) {
    ASSERT_NEAR(ycck.pixels[i], cmyk.pixels[i], 4);
  }
}

TEST(JpegCodecTest, RefusesTruncatedDataAndNamesThePicture) {
  for (const bool progressive : {false, true}) {
    const Image noise = noise_image(64, 64, 3, 7);
    Bytes jpeg = jpeg_bytes(64, 64, 3, noise.pixels, progressive);
    jpeg.resize(jpeg.size() / 2);
    EXPECT_THAT(decode_error(jpeg), AllOf(HasSubstr("'pic': damaged JPEG: "), HasSubstr("")));
    jpeg.resize(30);
    EXPECT_THAT(decode_error(jpeg), HasSubstr("'pic': damaged JPEG: "));
  }
}

TEST(JpegCodecTest, AcceptsAMissingEndMarker) {
  const Bytes jpeg = jpeg_bytes(16, 16, 3, ramp(16, 16, 3));
  const Bytes cut(jpeg.begin(), jpeg.end() - 2);
  EXPECT_EQ(decode(cut).pixels, decode(jpeg).pixels);
}

TEST(JpegCodecTest, ReportsEveryDamagedByteOrDecodesButNeverCrashes) {
  const Image noise = noise_image(24, 24, 3, 3);
  const Bytes jpeg = jpeg_bytes(24, 24, 3, noise.pixels);
  int refused = 0;
  for (std::size_t i = 2; i < jpeg.size(); ++i) {
    Bytes damaged = jpeg;
    damaged[i] ^= 0xFF;
    try {
      decode(damaged);
    } catch (const DataError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 100);
}

TEST(JpegCodecTest, WritesNothingToStandardError) {
  Bytes jpeg = jpeg_bytes(64, 64, 3, noise_image(64, 64, 3, 7).pixels);
  jpeg.resize(jpeg.size() / 2);
  Bytes png = png_bytes(noise_image(64, 64, 3, 7));
  png.resize(png.size() / 2);
  ::testing::internal::CaptureStderr();
  EXPECT_FALSE(decode_error(jpeg).empty());
  EXPECT_FALSE(decode_error(png).empty());
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(PngCodecTest, GivesRgbAndGreyBackExactly) {
  const Image colour = noise_image(5, 7, 3, 1), grey = noise_image(5, 7, 1, 2);
  EXPECT_EQ(decode(png_bytes(colour), 3).pixels, colour.pixels);
  EXPECT_EQ(decode(png_bytes(grey), 1).pixels, grey.pixels);
  const Image repeated = decode(png_bytes(grey), 3);
  for (std::size_t i = 0; i < repeated.pixels.size(); ++i) {
    ASSERT_EQ(repeated.pixels[i], grey.pixels[i / 3]);
  }
  const Image greyed = decode(png_bytes(colour), 1);
  ASSERT_EQ(greyed.size, (ImageSize{5, 7, 1}));
  EXPECT_EQ(greyed.pixels[3], grey_of(colour.pixels.data() + 9));
}

TEST(PngCodecTest, LooksUpPalettesAndDropsTheirAlpha) {
  PngLayout layout;
  layout.colour_type = PNG_COLOR_TYPE_PALETTE;
  layout.palette = {10, 20, 30, 40, 50, 60};
  layout.palette_alpha = {0, 128};
  const Bytes rows = {0, 1};
  EXPECT_THAT(decode(png_bytes(1, 2, rows, layout)).pixels, ElementsAre(10, 20, 30, 40, 50, 60));
}

TEST(PngCodecTest, DropsAlphaWithoutBlending) {
  PngLayout layout;
  layout.colour_type = PNG_COLOR_TYPE_RGB_ALPHA;
  const Bytes rgba = {1, 2, 3, 0, 4, 5, 6, 77};
  EXPECT_THAT(decode(png_bytes(1, 2, rgba, layout)).pixels, ElementsAre(1, 2, 3, 4, 5, 6));
  layout.colour_type = PNG_COLOR_TYPE_GRAY_ALPHA;
  const Bytes grey_alpha = {9, 0, 8, 255};
  EXPECT_THAT(decode(png_bytes(1, 2, grey_alpha, layout)).pixels, ElementsAre(9, 9, 9, 8, 8, 8));
}

TEST(PngCodecTest, TakesTheUpperByteOfSixteenBits) {
  PngLayout layout;
  layout.depth = 16;
  // 0x01FF is 1.99 of 256 levels: Pillow has 1 there in colour, where rounding gives 2.
  const Bytes rows = {0xFF, 0xFF, 0x07, 0x07, 0x01, 0xFF};
  EXPECT_THAT(decode(png_bytes(1, 3, rows, layout), 1).pixels, ElementsAre(255, 7, 1));
  layout.colour_type = PNG_COLOR_TYPE_RGB_ALPHA;
  const Bytes rgba = {0xFF, 0x00, 0x80, 0xFF, 0x01, 0xFF, 0x00, 0x00};
  EXPECT_THAT(decode(png_bytes(1, 1, rgba, layout), 3).pixels, ElementsAre(255, 128, 1));
}

TEST(PngCodecTest, SpreadsTwoAndFourBitsOverAllLevels) {
  PngLayout layout;
  layout.depth = 2;
  EXPECT_THAT(decode(png_bytes(1, 4, Bytes{0b00011011}, layout), 1).pixels,
              ElementsAre(0, 85, 170, 255));
  layout.depth = 4;
  EXPECT_THAT(decode(png_bytes(1, 2, Bytes{0x5F}, layout), 1).pixels, ElementsAre(85, 255));
}

TEST(PngCodecTest, ExpandsOneBitToBlackAndWhite) {
  PngLayout layout;
  layout.depth = 1;
  const Bytes rows = {0b10100000};
  EXPECT_THAT(decode(png_bytes(1, 3, rows, layout), 1).pixels, ElementsAre(255, 0, 255));
}

TEST(PngCodecTest, ReadsInterlacedFiles) {
  const Image image = noise_image(11, 13, 3, 5);
  PngLayout layout;
  layout.colour_type = PNG_COLOR_TYPE_RGB;
  layout.interlaced = true;
  EXPECT_EQ(decode(png_bytes(11, 13, image.pixels, layout)).pixels, image.pixels);
}

TEST(PngCodecTest, RefusesEveryTruncationAndNamesThePicture) {
  const Bytes png = png_bytes(noise_image(9, 9, 3, 5));
  for (std::size_t size = 8; size < png.size(); ++size) {
    EXPECT_THAT(decode_error(Bytes(png.begin(), png.begin() + static_cast<std::ptrdiff_t>(size))),
                HasSubstr("'pic': damaged PNG: "))
        << size;
  }
}

TEST(PngCodecTest, RefusesEveryDamagedByte) {
  // The file has critical chunks only, so a checksum covers every byte after the signature. The
  // last four are the checksum of the empty end chunk, which newer versions of libpng do not check.
  const Bytes png = png_bytes(noise_image(9, 9, 3, 5));
  for (std::size_t i = 8; i < png.size() - 4; ++i) {
    Bytes damaged = png;
    damaged[i] ^= 0x11;
    EXPECT_THAT(decode_error(damaged), HasSubstr("'pic'")) << i;
  }
}

TEST(PngCodecTest, RefusesAPictureThatClaimsTooManyPixels) {
  Bytes png = png_bytes(noise_image(9, 9, 1, 5));
  png[17] = 0x40;  // width 9 + 2^22
  png[21] = 0x40;
  EXPECT_FALSE(decode_error(png).empty());  // the header's checksum no longer fits
  test::TempFolder folder;
  test::write_file(folder / "big.png", png);
  EXPECT_THAT(error_text<DataError>([&] { probe_image(folder / "big.png"); }),
              AllOf(HasSubstr("big.png': must have 1 to 268435456 pixels"),
                    HasSubstr("got 4194313 x 4194313")));
}

void put_big_endian(Bytes& bytes, std::size_t at, std::uint32_t value, int count) {
  for (int i = 0; i < count; ++i)
    bytes[at + static_cast<std::size_t>(i)] =
        static_cast<std::uint8_t>(value >> (8 * (count - 1 - i)));
}

/// The error of decoding, which must come before there is memory for the pixels.
std::string claim_error(const Bytes& bytes) {
  Image image;
  const auto text = error_text<DataError>([&] { decode_image(bytes, "pic", 3, image); });
  EXPECT_EQ(image.pixels.capacity(), 0u);
  return text;
}

TEST(PngCodecTest, RefusesAHeaderThatClaimsMoreThanItsFileCanHold) {
  Bytes png = png_bytes(noise_image(2, 2, 3, 5));
  put_big_endian(png, 16, 16384, 4);
  put_big_endian(png, 20, 16384, 4);
  constexpr std::size_t kHeader = 12, kHeaderSize = 17;  // "IHDR" and what its checksum covers
  put_big_endian(png, kHeader + kHeaderSize,
                 static_cast<std::uint32_t>(::crc32(0, png.data() + kHeader, kHeaderSize)), 4);
  EXPECT_EQ(claim_error(png),
            "data: 'pic': damaged PNG: its header claims 16384 x 16384 pixels, more than its " +
                std::to_string(png.size()) + " bytes can hold");
}

TEST(PngCodecTest, ReadsPicturesOfOneColourWhichAreTheSmallestFiles) {
  Image grey{{1500, 1500, 1}, Bytes(1500 * 1500, 0)};
  const Bytes png = png_bytes(grey);
  EXPECT_LT(png.size(), grey.pixels.size() / 500);
  EXPECT_EQ(decode(png, 1).pixels, grey.pixels);
  PngLayout one_bit;
  one_bit.depth = 1;
  EXPECT_EQ(decode(png_bytes(4000, 4000, Bytes(4000 * 500, 0), one_bit), 1).pixels,
            Bytes(4000 * 4000, 0));
}

TEST(JpegCodecTest, RefusesAHeaderThatClaimsMoreThanItsFileCanHold) {
  for (const bool progressive : {false, true}) {
    Bytes jpeg = jpeg_bytes(8, 8, 3, noise_image(8, 8, 3, 5).pixels, progressive);
    const Bytes frame = {0xFF, static_cast<std::uint8_t>(progressive ? 0xC2 : 0xC0), 0, 17, 8};
    const auto found = std::search(jpeg.begin(), jpeg.end(), frame.begin(), frame.end());
    ASSERT_NE(found, jpeg.end());
    const auto at = static_cast<std::size_t>(found - jpeg.begin()) + frame.size();
    put_big_endian(jpeg, at, 16384, 2);
    put_big_endian(jpeg, at + 2, 16384, 2);
    EXPECT_EQ(claim_error(jpeg),
              "data: 'pic': damaged JPEG: its header claims 16384 x 16384 pixels, more than its " +
                  std::to_string(jpeg.size()) + " bytes can hold");
  }
}

TEST(JpegCodecTest, ReadsPicturesOfOneColourWhichAreTheSmallestFiles) {
  for (const bool progressive : {false, true}) {
    const Bytes jpeg = jpeg_bytes(2000, 2000, 1, Bytes(2000 * 2000, 128), progressive);
    EXPECT_LT(jpeg.size(), 2000u * 2000 / 80);
    EXPECT_EQ(decode(jpeg, 1).pixels, Bytes(2000 * 2000, 128));
  }
}

TEST(ImageCodecTest, SaysWhatAFileOfAnotherFormatIs) {
  const auto bytes = [](const std::string& text) { return Bytes(text.begin(), text.end()); };
  EXPECT_EQ(decode_error(bytes("GIF89a....")), "data: 'pic': wanted a JPEG or PNG image, got GIF");
  EXPECT_EQ(decode_error(bytes("path,label\n")),
            "data: 'pic': wanted a JPEG or PNG image, got text that begins with \"path,label\"");
  EXPECT_EQ(decode_error({0, 1, 2, 3, 250, 5, 6, 7, 8, 9}),
            "data: 'pic': wanted a JPEG or PNG image, got a file that begins with the bytes 00 01 "
            "02 03 fa 05 06 07");
  EXPECT_EQ(decode_error(bytes("....ftypheic....")),
            "data: 'pic': wanted a JPEG or PNG image, got HEIF (HEIC, AVIF) or video");
  EXPECT_EQ(decode_error({}), "data: 'pic': wanted a JPEG or PNG image, got an empty file");
}

TEST(ImageCodecTest, ProbesTheSizeThatDecodingGives) {
  test::TempFolder folder;
  const Bytes colour_pixels = ramp(33, 21, 3), grey_pixels = ramp(8, 9, 1);
  test::write_file(folder / "colour", jpeg_bytes(33, 21, 3, colour_pixels, true));
  test::write_file(folder / "grey", jpeg_bytes(8, 9, 1, grey_pixels));
  test::write_file(folder / "png", png_bytes(noise_image(5, 6, 3, 0)));
  EXPECT_EQ(probe_image(folder / "colour"), (ImageSize{33, 21, 3}));
  EXPECT_EQ(probe_image(folder / "grey"), (ImageSize{8, 9, 1}));
  EXPECT_EQ(probe_image(folder / "png"), (ImageSize{5, 6, 3}));
}

TEST(ImageCodecTest, ProbesAJpegWithALongBlockBeforeItsHeader) {
  const Bytes jpeg = jpeg_bytes(8, 9, 1, ramp(8, 9, 1));
  Bytes longer = {0xFF, 0xD8, 0xFF, 0xE1, 0xFF, 0xF0};
  longer.resize(4 + 0xFFF0, 0x55);
  longer.insert(longer.end(), jpeg.begin() + 2, jpeg.end());
  test::TempFolder folder;
  test::write_file(folder / "exif", longer);
  EXPECT_EQ(probe_image(folder / "exif"), (ImageSize{8, 9, 1}));
  longer.resize(5000);
  test::write_file(folder / "cut", longer);
  EXPECT_THAT(error_text<DataError>([&] { probe_image(folder / "cut"); }),
              HasSubstr("cut': JPEG ends within its header, after 5000 bytes"));
}

}  // namespace
}  // namespace kith::host
