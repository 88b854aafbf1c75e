// SPDX-License-Identifier: Apache-2.0
#include "data/damaged_images.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <kith/error.hpp>
#include <kith/random.hpp>
#include <memory>

#include "data/dataset.h"
#include "data/loader.h"
#include "data_files.h"

namespace kith::host {
namespace {

using test::error_text;
using test::memory_source;
using test::noise_image;
using test::png_bytes;
using test::TempFolder;
using test::write_file;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// train/a has 1, 2 (cut) and 3 (text), train/b 4 and 5; test/a has 6 (empty) and 7.
DatasetSettings damaged_folder(const TempFolder& folder) {
  for (const char* name : {"train/a/1", "train/b/4", "train/b/5", "test/a/7"}) {
    write_file(folder / (std::string(name) + ".png"), png_bytes(noise_image(8, 8, 3, 1)));
  }
  auto cut = png_bytes(noise_image(8, 8, 3, 1));
  cut.resize(cut.size() / 2);
  write_file(folder / "train/a/2.png", cut);
  write_file(folder / "train/a/3.png", "notes");
  write_file(folder / "test/a/6.png", "");
  DatasetSettings settings;
  settings.reader = "image_folder";
  settings.path = folder.path();
  settings.val_fraction = 0;
  settings.skip_damaged = true;
  return settings;
}

TEST(DamagedImagesTest, AreFoundInOrderOnAnyNumberOfThreads) {
  const auto source = memory_source(40, [](std::int64_t index) {
    if (index % 9 == 4) throw DataError("broken " + std::to_string(index));
  });
  for (const int threads : {1, 4}) {
    std::vector<std::int64_t> found;
    for (const auto& image : find_damaged(*source.train, {0, 4, 5, 12, 13, 31, 39}, threads)) {
      found.push_back(image.index);
      EXPECT_EQ(image.reason, "broken " + std::to_string(image.index));
    }
    EXPECT_THAT(found, ElementsAre(4, 13, 31));
  }
}

TEST(DamagedImagesTest, StopTheOpeningOfADataSetUnlessTheyAreToBeSkipped) {
  const TempFolder folder;
  DatasetSettings settings = damaged_folder(folder);
  settings.skip_damaged = false;
  EXPECT_THAT(error_text<DataError>([&] { open_dataset(settings); }),
              HasSubstr("3.png': wanted a JPEG or PNG image, got text that begins with \"notes\""));
}

TEST(DamagedImagesTest, AreLeftOutOfTheirSplitAndListed) {
  const TempFolder folder;
  const auto dataset = open_dataset(damaged_folder(folder));
  ASSERT_EQ(dataset->size(Split::kTrain), 3);
  EXPECT_EQ(dataset->name(Split::kTrain, 0), "a/1.png");
  EXPECT_EQ(dataset->name(Split::kTrain, 1), "b/4.png");
  EXPECT_THAT(dataset->labels(Split::kTrain), ElementsAre(0, 1, 1));
  Image image;
  dataset->decode(Split::kTrain, 1, image);
  EXPECT_EQ(image.pixels, noise_image(8, 8, 3, 1).pixels);
  ASSERT_EQ(dataset->left_out().size(), 2U);
  EXPECT_EQ(dataset->left_out()[0].name, "a/2.png");
  EXPECT_THAT(dataset->left_out()[0].reason, HasSubstr("a/2.png': damaged PNG: "));
  EXPECT_EQ(dataset->left_out()[1].name, "a/3.png");
  EXPECT_EQ(dataset->left_out()[1].split, Split::kTrain);
}

TEST(DamagedImagesTest, OfTestAreLeftOutWhenTestIsOpened) {
  const TempFolder folder;
  const auto dataset = open_dataset(damaged_folder(folder));
  EXPECT_EQ(dataset->size(Split::kTest), 2);
  dataset->open_test();
  ASSERT_EQ(dataset->size(Split::kTest), 1);
  EXPECT_EQ(dataset->name(Split::kTest, 0), "a/7.png");
  ASSERT_EQ(dataset->left_out().size(), 3U);
  EXPECT_EQ(dataset->left_out()[2].split, Split::kTest);
  EXPECT_THAT(dataset->left_out()[2].reason, HasSubstr("got an empty file"));
  dataset->open_test();
  EXPECT_EQ(dataset->left_out().size(), 3U);
}

TEST(DamagedImagesTest, DoNotMoveOthersBetweenTrainAndVal) {
  const auto broken = [](std::int64_t index) {
    if (index % 10 == 3) throw DataError("broken");
  };
  const Dataset whole(memory_source(200), 0.3);
  const Dataset some(memory_source(200, broken), 0.3, 0, true);
  for (const Split split : {Split::kTrain, Split::kVal}) {
    std::vector<std::string> expected, got;
    for (std::int64_t i = 0; i < whole.size(split); ++i) {
      if (!whole.name(split, i).ends_with("3")) expected.push_back(whole.name(split, i));
    }
    for (std::int64_t i = 0; i < some.size(split); ++i) got.push_back(some.name(split, i));
    EXPECT_EQ(got, expected);
  }
  EXPECT_EQ(some.left_out().size(), 20U);
}

TEST(DamagedImagesTest, RefuseADataSetOfWhichNothingDecodes) {
  EXPECT_EQ(error_text<DataError>([] {
              Dataset(memory_source(3, [](std::int64_t) { throw DataError("broken"); }), 0, 0,
                      true);
            }),
            "data: '/memory': none of the 3 images of train decodes; the first: broken");
}

/// A data set of 30 images, of which `broken` stop decoding once it is open.
struct FailingDisk {
  std::shared_ptr<std::atomic<bool>> fails = std::make_shared<std::atomic<bool>>(false);
  std::unique_ptr<Dataset> dataset;

  FailingDisk(std::function<bool(std::int64_t)> broken, bool skip) {
    dataset = std::make_unique<Dataset>(
        memory_source(30,
                      [fails = fails, broken = std::move(broken)](std::int64_t index) {
                        if (*fails && broken(index))
                          throw DataError("broken " + std::to_string(index));
                      }),
        0, 0, skip);
    *fails = true;
  }
};

class FirstPixel : public ViewMaker {
 public:
  void make_view(const Image& image, const SampleKey& key, int, float* slot,
                 ThreadState&) const override {
    *slot = static_cast<float>(image.pixels[0]) + 1000.0F * static_cast<float>(key.index);
  }
};

LoaderSettings training(int threads) {
  LoaderSettings settings;
  settings.batch_size = 10;
  settings.view_floats = {1};
  settings.seed = 5;
  settings.threads = threads;
  settings.end_epoch = 2;
  return settings;
}

bool every_seventh(std::int64_t index) { return index % 7 == 0; }

// The rule of loader.h, written again: the first sample that decodes of those drawn for the row.
std::int64_t filled_with(std::int64_t index, const Batch& batch, std::int64_t row) {
  if (!every_seventh(index)) return index;
  DrawKey key;
  key.seed = 5;
  key.purpose = DrawPurpose::kSplit;
  key.epoch = static_cast<std::uint32_t>(batch.epoch);
  key.step = static_cast<std::uint64_t>(batch.step);
  key.sample = static_cast<std::uint64_t>(row);
  Draw draw(key, "slot");
  while (every_seventh(index)) index = static_cast<std::int64_t>(draw.below(30));
  return index;
}

TEST(DamagedImagesTest, ThatFailInTrainingAreReplacedByARuleOfSeedAndPlace) {
  const FailingDisk whole([](std::int64_t) { return false; }, true);
  const FailingDisk disk(every_seventh, true);
  const FirstPixel maker;
  for (const int threads : {1, 2, 5}) {
    Loader expected(*whole.dataset, maker, training(1)),
        loader(*disk.dataset, maker, training(threads));
    Batch before, batch;
    while (expected.next(before)) {
      ASSERT_TRUE(loader.next(batch));
      for (std::int64_t row = 0; row < batch.size(); ++row) {
        const auto at = static_cast<std::size_t>(row);
        const auto index = filled_with(before.indices[at], before, row);
        EXPECT_EQ(batch.indices[at], index);
        EXPECT_EQ(batch.labels[at], index % 2);
        const auto pixels = noise_image(4, 5, 3, static_cast<std::uint32_t>(index)).pixels;
        EXPECT_EQ(batch.views[0].data()[at],
                  static_cast<float>(pixels[0]) + 1000.0F * static_cast<float>(index));
      }
    }
    EXPECT_EQ(loader.stats().filled, 2 * 5);  // 0, 7, 14, 21 and 28 in each of two epochs
    EXPECT_THAT(loader.stats().first_failure, HasSubstr("broken "));
    EXPECT_EQ(expected.stats().filled, 0);
  }
}

TEST(DamagedImagesTest, StopTrainingUnlessTheyAreToBeSkipped) {
  const FailingDisk disk(every_seventh, false);
  const FirstPixel maker;
  Loader loader(*disk.dataset, maker, training(2));
  EXPECT_THAT(error_text<DataError>([&] {
                Batch batch;
                while (loader.next(batch)) {
                }
              }),
              HasSubstr("): broken "));
}

TEST(DamagedImagesTest, StopTrainingWhereNothingElseDecodesEither) {
  const FailingDisk disk([](std::int64_t) { return true; }, true);
  const FirstPixel maker;
  Loader loader(*disk.dataset, maker, training(2));
  Batch batch;
  EXPECT_THAT(error_text<DataError>([&] { loader.next(batch); }), HasSubstr("): broken "));
}

TEST(DamagedImagesTest, AreNeverReplacedWhereImagesAreReadInOrder) {
  const FailingDisk disk(every_seventh, true);
  const FirstPixel maker;
  LoaderSettings settings = training(2);
  settings.shuffle = false;
  Loader loader(*disk.dataset, maker, settings);
  Batch batch;
  EXPECT_THAT(error_text<DataError>([&] { loader.next(batch); }), HasSubstr("): broken 0"));
  EXPECT_EQ(error_text<DataError>([&] {
              for_each_image(*disk.dataset, Split::kTrain, 10, 2,
                             [](std::int64_t, std::span<const Image>) {});
            }),
            "broken 0");
}

}  // namespace
}  // namespace kith::host
