// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "data/dataset.h"
#include "data/file_bytes.h"
#include "data/loader.h"
#include "data/raw_pixels.h"
#include "data_files.h"

namespace kith::host {
namespace {

using test::find_pack;
using test::TempFolder;

constexpr const char* kFashionMnist = "/usr/share/datasets/fashion-mnist";

std::unique_ptr<Dataset> open_folder(const std::filesystem::path& path) {
  DatasetSettings settings;
  settings.reader = "image_folder";
  settings.path = path;
  return open_dataset(settings);
}

TEST(RealDataTest, ReadsFashionMnist) {
  if (!std::filesystem::is_directory(kFashionMnist)) GTEST_SKIP() << "no " << kFashionMnist;
  DatasetSettings settings;
  settings.reader = "idx";
  settings.path = kFashionMnist;
  const auto dataset = open_dataset(settings);
  EXPECT_EQ(dataset->size(Split::kTrain) + dataset->size(Split::kVal), 60000);
  EXPECT_NEAR(static_cast<double>(dataset->size(Split::kVal)), 6000, 300);
  EXPECT_EQ(dataset->size(Split::kTest), 10000);
  EXPECT_EQ(dataset->class_names().size(), 10U);
  dataset->open_test();
  // The set is balanced: 1,000 test images a class.
  std::map<std::int64_t, int> counts;
  for (const std::int64_t label : dataset->labels(Split::kTest)) ++counts[label];
  for (int c = 0; c < 10; ++c) EXPECT_EQ(counts[c], 1000);
  // The mean level of all 60,000 training images is 72.94 (0.2860 of 255, as widely quoted).
  double sum = 0;
  for (const Split split : {Split::kTrain, Split::kVal}) {
    for_each_image(*dataset, split, 1000, 2, [&](std::int64_t, std::span<const Image> images) {
      for (const Image& image : images) {
        for (const std::uint8_t pixel : image.pixels) sum += pixel;
      }
    });
  }
  EXPECT_NEAR(sum / (60000.0 * 784) / 255, 0.2860, 5e-5);
}

TEST(RealDataTest, ReadsTheEmojiPack) {
  const auto pack = find_pack("emoji64-bundle.tar.gz");
  if (!pack) GTEST_SKIP() << "no emoji64-bundle.tar.gz (KITH_DATA)";
  TempFolder folder;
  test::unpack(*pack, folder.path());
  const auto dataset = open_folder(folder / "emoji64-bundle");
  EXPECT_EQ(dataset->size(Split::kTrain) + dataset->size(Split::kVal), 1152);
  EXPECT_EQ(dataset->size(Split::kTest), 288);
  EXPECT_EQ(dataset->class_names().size(), 9U);
  EXPECT_TRUE(dataset->in_memory());
  dataset->open_test();
  EXPECT_EQ(dataset->name(Split::kTest, 0), "activities/google-1f004.png");
  const RawPixels raw = raw_pixels(*dataset, Split::kTest, 32, 2);
  EXPECT_EQ(raw.rows, 288);
  EXPECT_EQ(raw.columns, 32 * 32 * 3);
  EXPECT_EQ(raw.values[0], 1.0F);  // drawn on white
}

TEST(RealDataTest, ReadsPhotosOfManySizes) {
  const auto pack = find_pack("caltech16-photos.tar.gz");
  if (!pack) GTEST_SKIP() << "no caltech16-photos.tar.gz (KITH_DATA)";
  TempFolder folder;
  test::unpack(*pack, folder.path());
  const auto dataset = open_folder(folder / "caltech16-photos");
  EXPECT_EQ(dataset->size(Split::kTrain) + dataset->size(Split::kVal), 960);
  EXPECT_EQ(dataset->class_names().size(), 16U);
  dataset->open_test();
  EXPECT_EQ(dataset->size(Split::kTest), 315);
  std::int64_t seen = 0;
  for_each_image(*dataset, Split::kTest, 64, 2,
                 [&](std::int64_t first, std::span<const Image> images) {
                   for (std::size_t i = 0; i < images.size(); ++i, ++seen) {
                     const auto index = first + static_cast<std::int64_t>(i);
                     EXPECT_EQ(images[i].size, dataset->image_size(Split::kTest, index));
                     EXPECT_EQ(images[i].size.channels, 3);
                   }
                 });
  EXPECT_EQ(seen, 315);
}

}  // namespace
}  // namespace kith::host
