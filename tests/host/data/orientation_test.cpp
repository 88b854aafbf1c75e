// SPDX-License-Identifier: Apache-2.0
#include "data/orientation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/image_codec.h"
#include "data_files.h"

namespace kith::host {
namespace {

using test::Bytes;
using test::with_orientation;
using ::testing::ElementsAre;

Bytes jpeg() { return test::jpeg_bytes(2, 3, 1, Bytes(6, 100)); }
Bytes png() { return test::png_bytes(test::noise_image(2, 3, 1, 1)); }

TEST(OrientationTest, ReadsTheTagOfJpegAndPngInBothByteOrders) {
  for (const Bytes& picture : {jpeg(), png()}) {
    EXPECT_EQ(find_orientation(picture), 1);
    for (int orientation = 1; orientation <= 8; ++orientation) {
      for (const bool big_endian : {false, true}) {
        EXPECT_EQ(find_orientation(with_orientation(picture, orientation, big_endian)),
                  orientation);
      }
    }
    EXPECT_EQ(find_orientation(with_orientation(picture, 9)), 1);
    EXPECT_EQ(find_orientation(with_orientation(picture, 0)), 1);
  }
}

TEST(OrientationTest, SaysThatTheBytesEndBeforeItIsKnown) {
  for (const Bytes& picture : {jpeg(), png()}) {
    const Bytes whole = with_orientation(picture, 6);
    EXPECT_FALSE(find_orientation(std::span(whole).first(40)).has_value());
  }
}

TEST(OrientationTest, TakesADamagedBlockForNone) {
  Bytes picture = with_orientation(jpeg(), 6);
  const auto at = 2 + 4 + 6;  // SOI, marker and length, "Exif"
  picture[at + 4] = 0xF0;     // the directory begins behind the end
  EXPECT_EQ(find_orientation(picture), 1);
  picture = with_orientation(jpeg(), 6);
  picture[at + 2] = 41;  // no TIFF
  EXPECT_EQ(find_orientation(picture), 1);
  picture = with_orientation(jpeg(), 6);
  picture[at + 22 + 2] = 4;  // the orientation is no short
  EXPECT_EQ(find_orientation(picture), 1);
}

// By hand, from the pictures of Exif 2.3, 4.6.4 A, for
//   1 2 3
//   4 5 6
TEST(OrientationTest, TurnsEachOfTheEightWays) {
  const auto turned = [](int orientation) {
    Image image{{2, 3, 1}, {1, 2, 3, 4, 5, 6}};
    turn_upright(image, orientation);
    EXPECT_EQ(image.size, orientation < 5 ? (ImageSize{2, 3, 1}) : (ImageSize{3, 2, 1}));
    return image.pixels;
  };
  EXPECT_THAT(turned(1), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(turned(2), ElementsAre(3, 2, 1, 6, 5, 4));
  EXPECT_THAT(turned(3), ElementsAre(6, 5, 4, 3, 2, 1));
  EXPECT_THAT(turned(4), ElementsAre(4, 5, 6, 1, 2, 3));
  EXPECT_THAT(turned(5), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(turned(6), ElementsAre(4, 1, 5, 2, 6, 3));
  EXPECT_THAT(turned(7), ElementsAre(6, 3, 5, 2, 4, 1));
  EXPECT_THAT(turned(8), ElementsAre(3, 6, 2, 5, 1, 4));
}

TEST(OrientationTest, ProbingGivesTheSizeOfTheTurnedPicture) {
  test::TempFolder folder;
  for (const Bytes& picture : {jpeg(), png()}) {
    test::write_file(folder / "picture", with_orientation(picture, 8));
    EXPECT_EQ(probe_image(folder / "picture"), (ImageSize{2, 3, 1}));
    EXPECT_EQ(probe_image(folder / "picture", true), (ImageSize{3, 2, 1}));
  }
}

}  // namespace
}  // namespace kith::host
