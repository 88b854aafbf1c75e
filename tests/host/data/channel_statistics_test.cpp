// SPDX-License-Identifier: Apache-2.0
#include "data/channel_statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <kith/error.hpp>

#include "data_files.h"

namespace kith::host {
namespace {

using test::error_text;
using test::png_bytes;
using test::TempFolder;
using test::write_file;
using ::testing::ElementsAre;

DatasetSettings folder_of(const TempFolder& folder) {
  DatasetSettings settings;
  settings.reader = "image_folder";
  settings.path = folder.path();
  settings.val_fraction = 0;
  return settings;
}

TEST(ChannelStatisticsTest, AreOverAllPixelsOfImagesOfDifferentSizes) {
  const TempFolder folder;
  write_file(folder / "train/a/1.png", png_bytes(Image{{1, 1, 3}, {255, 0, 51}}));
  write_file(folder / "train/a/2.png", png_bytes(Image{{1, 3, 3}, {0, 0, 51, 0, 51, 0, 0, 51, 0}}));
  write_file(folder / "val/a/1.png", png_bytes(Image{{1, 1, 3}, {9, 9, 9}}));
  const auto dataset = open_dataset(folder_of(folder));
  // By hand: red is 1, 0, 0, 0; green and blue are 0.2 in two pixels of four.
  for (const int threads : {1, 3}) {
    const ChannelStatistics statistics = channel_statistics(*dataset, Split::kTrain, threads);
    ASSERT_EQ(statistics.mean.size(), 3U);
    EXPECT_NEAR(statistics.mean[0], 0.25, 1e-12);
    EXPECT_NEAR(statistics.mean[1], 0.1, 1e-12);
    EXPECT_NEAR(statistics.mean[2], 0.1, 1e-12);
    EXPECT_NEAR(statistics.std[0], 0.4330127018922193, 1e-12);  // the root of 3 / 16
    EXPECT_NEAR(statistics.std[1], 0.1, 1e-12);
    EXPECT_NEAR(statistics.std[2], 0.1, 1e-12);
  }
}

TEST(ChannelStatisticsTest, AreTheSameBitForBitOnAnyNumberOfThreads) {
  const Dataset dataset(test::memory_source(500), 0);
  const ChannelStatistics one = channel_statistics(dataset, Split::kTrain, 1);
  const ChannelStatistics many = channel_statistics(dataset, Split::kTrain, 7);
  EXPECT_EQ(one.mean, many.mean);
  EXPECT_EQ(one.std, many.std);
}

TEST(ChannelStatisticsTest, RefuseAChannelWithoutVariation) {
  const TempFolder folder;
  write_file(folder / "train/a/1.png", png_bytes(Image{{1, 2, 3}, {1, 7, 3, 2, 7, 4}}));
  const auto dataset = open_dataset(folder_of(folder));
  EXPECT_EQ(error_text<DataError>([&] { channel_statistics(*dataset, Split::kTrain, 2); }),
            "data: '" + folder.path().string() +
                "': no standard deviation to measure: all pixels of channel 1 of train are equal");
}

// Published values (0.2860 and 0.3530, as widely quoted) are those of all 60,000 training images.
TEST(ChannelStatisticsTest, EqualThePublishedOnesOfFashionMnist) {
  constexpr const char* kFashionMnist = "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::is_directory(kFashionMnist)) GTEST_SKIP() << "no " << kFashionMnist;
  DatasetSettings settings;
  settings.reader = "idx";
  settings.path = kFashionMnist;
  settings.val_fraction = 0;
  const ChannelStatistics statistics =
      channel_statistics(*open_dataset(settings), Split::kTrain, 2);
  EXPECT_THAT(statistics.mean, ElementsAre(::testing::DoubleNear(0.2860, 5e-5)));
  EXPECT_THAT(statistics.std, ElementsAre(::testing::DoubleNear(0.3530, 5e-5)));
}

}  // namespace
}  // namespace kith::host
