// SPDX-License-Identifier: Apache-2.0
#include "data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <kith/error.hpp>
#include <set>
#include <thread>

#include "data/file_bytes.h"
#include "data_files.h"
#include "digest/sha256.h"

namespace kith::host {
namespace {

using test::error_text;
using test::memory_source;
using test::MemorySource;
using test::noise_image;
using test::TempFolder;
using test::write_file;
using ::testing::HasSubstr;

Source with_test(std::int64_t train, std::int64_t test) {
  Source source = memory_source(train);
  auto part = std::make_unique<MemorySource>();
  part->count = test;
  part->first_seed = 1000;
  source.test = std::move(part);
  return source;
}

std::vector<std::string> names(const Dataset& dataset, Split split) {
  std::vector<std::string> all;
  for (std::int64_t i = 0; i < dataset.size(split); ++i) all.push_back(dataset.name(split, i));
  return all;
}

TEST(DatasetTest, HoldsValOutByTheHashOfTheName) {
  const Dataset dataset(memory_source(2000), 0.1);
  std::set<std::string> all;
  for (const Split split : {Split::kTrain, Split::kVal}) {
    for (const std::string& name : names(dataset, split)) {
      EXPECT_TRUE(all.insert(name).second) << name;
      const bool in_val = static_cast<double>(sha256_prefix(name)) < 0.1 * 0x1p64;
      EXPECT_EQ(in_val, split == Split::kVal) << name;
    }
  }
  EXPECT_EQ(all.size(), 2000U);
  EXPECT_NEAR(static_cast<double>(dataset.size(Split::kVal)), 200, 4 * 13.4);  // 4 deviations
  EXPECT_THAT(dataset.val_rule(), HasSubstr("below 0.1 * 2^64"));
}

TEST(DatasetTest, HashIsTheStartOfSha256) {
  // sha256("abc") = ba7816bf 8f01cfea ... (FIPS 180-2, B.1)
  EXPECT_EQ(sha256_prefix("abc"), 0xBA7816BF8F01CFEAULL);
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(DatasetTest, HeldOutSamplesKeepLabelNameAndPixels) {
  const Dataset dataset(memory_source(200), 0.3);
  ASSERT_GT(dataset.size(Split::kVal), 0);
  Image image;
  for (std::int64_t i = 0; i < dataset.size(Split::kVal); ++i) {
    const std::int64_t at = std::stoll(dataset.name(Split::kVal, i).substr(2));
    EXPECT_EQ(dataset.label(Split::kVal, i), at % 2);
    dataset.decode(Split::kVal, i, image);
    EXPECT_EQ(image.pixels, noise_image(4, 5, 3, static_cast<std::uint32_t>(at)).pixels);
  }
}

TEST(DatasetTest, ALargerFractionKeepsWhatASmallerOneHeldOut) {
  const Dataset small(memory_source(500), 0.1), large(memory_source(500), 0.3);
  const auto more = names(large, Split::kVal);
  for (const std::string& name : names(small, Split::kVal)) {
    EXPECT_THAT(more, ::testing::Contains(name));
  }
}

TEST(DatasetTest, HoldsNothingOutWithAValOfItsOwnOrAFractionOfNothing) {
  Source own = memory_source(50);
  auto val = std::make_unique<MemorySource>();
  val->count = 7;
  own.val = std::move(val);
  const Dataset with_val(std::move(own), 0.5);
  EXPECT_EQ(with_val.size(Split::kTrain), 50);
  EXPECT_EQ(with_val.size(Split::kVal), 7);
  const Dataset without_val(memory_source(50), 0);
  EXPECT_EQ(without_val.size(Split::kTrain), 50);
  EXPECT_EQ(without_val.size(Split::kVal), 0);
  EXPECT_EQ(without_val.val_rule(), "no val");
}

TEST(DatasetTest, HoldsTheSameOutWithAndWithoutLabels) {
  Source unlabelled = memory_source(200);
  unlabelled.class_names.clear();
  const Dataset without_labels(std::move(unlabelled), 0.3), labelled(memory_source(200), 0.3);
  for (const Split split : {Split::kTrain, Split::kVal}) {
    EXPECT_EQ(names(without_labels, split), names(labelled, split));
  }
  EXPECT_THAT(without_labels.val_rule(), HasSubstr("held out of train"));
}

TEST(DatasetTest, CountsHowOftenTestIsOpenedAndHidesItBefore) {
  Dataset dataset(with_test(10, 4), 0);
  EXPECT_EQ(dataset.size(Split::kTest), 4);
  EXPECT_EQ(dataset.test_reads(), 0);
  Image image;
  EXPECT_EQ(error_text<DataError>([&] { dataset.decode(Split::kTest, 0, image); }),
            "data: test was asked for before it was opened");
  EXPECT_EQ(error_text<DataError>([&] { dataset.label(Split::kTest, 0); }),
            "data: test was asked for before it was opened");
  dataset.open_test();
  dataset.decode(Split::kTest, 3, image);
  EXPECT_EQ(image.pixels, noise_image(4, 5, 3, 1003).pixels);
  EXPECT_EQ(dataset.test_reads(), 1);
  dataset.open_test();
  EXPECT_EQ(dataset.test_reads(), 2);
}

TEST(DatasetTest, SaysThatThereIsNoTest) {
  Dataset dataset(memory_source(10), 0);
  EXPECT_EQ(error_text<DataError>([&] { dataset.open_test(); }),
            "data: '/memory' has no test split");
}

TEST(DatasetTest, RefusesAnIndexOutOfRange) {
  const Dataset dataset(memory_source(10), 0);
  EXPECT_EQ(error_text<DataError>([&] { dataset.label(Split::kTrain, 10); }),
            "data: sample index must be in [0, 10) in train, got 10");
  EXPECT_EQ(error_text<DataError>([&] { dataset.label(Split::kVal, 0); }),
            "data: sample index must be in [0, 0) in val, got 0");
}

TEST(DatasetTest, RefusesAnEmptyTrainAndAFractionOutOfRange) {
  EXPECT_EQ(error_text<DataError>([] { Dataset(memory_source(0), 0); }),
            "data: '/memory': train has no image");
  EXPECT_EQ(error_text<ConfigError>([] { Dataset(memory_source(5), 1); }),
            "data: val_fraction must be in [0, 1), got 1");
  EXPECT_THAT(error_text<DataError>([] { Dataset(memory_source(1), 0.999999); }),
              HasSubstr("leaves none of the 1 images of train"));
}

TEST(DatasetTest, DecodesEachImageOnceWhereAllFitInMemory) {
  std::atomic<int> decoded{0};
  const Dataset cached(memory_source(20, [&](std::int64_t) { ++decoded; }), 0, 20 * 4 * 5 * 3);
  EXPECT_TRUE(cached.in_memory());
  Image image;
  for (int round = 0; round < 3; ++round) {
    for (std::int64_t i = 0; i < 20; ++i) {
      cached.decode(Split::kTrain, i, image);
      ASSERT_EQ(image.pixels, noise_image(4, 5, 3, static_cast<std::uint32_t>(i)).pixels);
    }
  }
  EXPECT_EQ(decoded, 20);
}

TEST(DatasetTest, DecodesEveryTimeWhereTheImagesDoNotFit) {
  std::atomic<int> decoded{0};
  const Dataset dataset(memory_source(20, [&](std::int64_t) { ++decoded; }), 0, 20 * 4 * 5 * 3 - 1);
  EXPECT_FALSE(dataset.in_memory());
  Image image;
  for (int round = 0; round < 3; ++round) dataset.decode(Split::kTrain, 7, image);
  EXPECT_EQ(decoded, 3);
}

TEST(DatasetTest, GivesTheSameCachedPixelsToThreadsAtOnce) {
  const Dataset dataset(memory_source(50), 0, 1 << 20);
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        Image image;
        for (int i = 0; i < 200; ++i) {
          dataset.decode(Split::kTrain, i % 50, image);
          if (image.pixels != noise_image(4, 5, 3, static_cast<std::uint32_t>(i % 50)).pixels) {
            ++wrong;
          }
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

DatasetSettings folder_settings(const TempFolder& folder) {
  write_file(folder / "train/a/1.png", test::png_bytes(noise_image(4, 6, 3, 0)));
  DatasetSettings settings;
  settings.reader = "image_folder";
  settings.path = folder.path();
  settings.val_fraction = 0;
  return settings;
}

TEST(OpenDatasetTest, ChecksDigestsOfFiles) {
  TempFolder folder;
  DatasetSettings settings = folder_settings(folder);
  write_file(folder / "list.txt", "abc");
  const std::string digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  settings.sha256 = {{"list.txt", digest}};
  EXPECT_EQ(open_dataset(settings)->size(Split::kTrain), 1);
  settings.sha256 = {{"list.txt", "00" + digest.substr(2)}};
  EXPECT_EQ(error_text<DataError>([&] { open_dataset(settings); }),
            "data: '" + (folder / "list.txt").string() + "': SHA-256 must be 00" +
                digest.substr(2) + " (data.sha256), got " + digest);
  settings.sha256 = {{"absent.txt", digest}};
  EXPECT_THAT(error_text<DataError>([&] { open_dataset(settings); }),
              HasSubstr("absent.txt': no such file, but data.sha256 has it"));
}

TEST(OpenDatasetTest, NamesTheReadersAndChannelsThatThereAre) {
  TempFolder folder;
  DatasetSettings settings = folder_settings(folder);
  settings.channels = 2;
  EXPECT_EQ(error_text<ConfigError>([&] { open_dataset(settings); }),
            "data: channels must be 0, 1 or 3, got 2");
  settings.channels = 0;
  settings.reader = "webdataset";
  EXPECT_EQ(
      error_text<ConfigError>([&] { open_dataset(settings); }),
      "data: reader must be 'idx', 'image_folder', 'cifar10' or 'cifar100', got 'webdataset'");
}

}  // namespace
}  // namespace kith::host
