// SPDX-License-Identifier: Apache-2.0
#include "data/cifar_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kith/error.hpp>
#include <map>

#include "data/dataset.h"
#include "data/file_bytes.h"
#include "data/image_codec.h"
#include "data_files.h"

namespace kith::host {
namespace {

using test::Bytes;
using test::error_text;
using test::TempFolder;
using test::write_file;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::size_t kPlane = 32 * 32;

/// A record whose red plane is filled with `red`, green with red + 1, blue with red + 2; the first
/// red pixel is 200 and the last blue one 201.
void add_record(Bytes& out, const Bytes& labels, std::uint8_t red) {
  out.insert(out.end(), labels.begin(), labels.end());
  const std::size_t start = out.size();
  for (std::size_t plane = 0; plane < 3; ++plane) {
    out.insert(out.end(), kPlane, static_cast<std::uint8_t>(red + plane));
  }
  out[start] = 200;
  out.back() = 201;
}

Bytes records(std::initializer_list<int> labels, std::uint8_t first_red = 10) {
  Bytes out;
  for (const int label : labels) {
    add_record(out, {static_cast<std::uint8_t>(label)}, first_red);
    first_red = static_cast<std::uint8_t>(first_red + 10);
  }
  return out;
}

void write_cifar10(const TempFolder& folder) {
  write_file(folder / "data_batch_1.bin", records({3, 9}));
  write_file(folder / "data_batch_2.bin", records({0}, 100));
  write_file(folder / "test_batch.bin", records({5}, 50));
}

std::string cifar_error(const TempFolder& folder) {
  return error_text<DataError>([&] { open_cifar10(folder.path(), 0); });
}

TEST(CifarReaderTest, ReadsBatchesOneAfterTheOther) {
  const TempFolder folder;
  write_cifar10(folder);
  const Source source = open_cifar10(folder.path(), 0);
  EXPECT_EQ(source.reader, "cifar10");
  ASSERT_EQ(source.train->size(), 3);
  EXPECT_EQ(source.train->label(0), 3);
  EXPECT_EQ(source.train->label(1), 9);
  EXPECT_EQ(source.train->label(2), 0);
  EXPECT_EQ(source.train->name(2), "train/2");
  EXPECT_EQ(source.test->name(0), "test/0");
  EXPECT_EQ(source.val, nullptr);
  EXPECT_THAT(source.class_names, ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"));
  Image image;
  source.train->decode(2, image);
  ASSERT_EQ(image.size, (ImageSize{32, 32, 3}));
  EXPECT_EQ(image.size, source.train->image_size(2));
  EXPECT_THAT(Bytes(image.pixels.begin(), image.pixels.begin() + 6),
              ElementsAre(200, 101, 102, 100, 101, 102));
  EXPECT_THAT(Bytes(image.pixels.end() - 3, image.pixels.end()), ElementsAre(100, 101, 201));
}

TEST(CifarReaderTest, TurnsColourToGreyWhereThatIsWanted) {
  const TempFolder folder;
  write_cifar10(folder);
  Image image;
  open_cifar10(folder.path(), 1).train->decode(0, image);
  ASSERT_EQ(image.size, (ImageSize{32, 32, 1}));
  const Bytes second = {10, 11, 12};
  EXPECT_EQ(image.pixels[1], grey_of(second.data()));
}

TEST(CifarReaderTest, ReadsTestWhenItIsOpened) {
  const TempFolder folder;
  write_cifar10(folder);
  write_file(folder / "test_batch.bin", records({10}));
  const Source source = open_cifar10(folder.path(), 0);
  EXPECT_EQ(source.test->size(), 1);
  EXPECT_EQ(error_text<DataError>([&] { source.test->open(10); }),
            "cifar10: '" + (folder / "test_batch.bin").string() +
                "': labels must be below 10, got 10 (record 0)");
}

TEST(CifarReaderTest, TakesClassNamesFromTheirFile) {
  const TempFolder folder;
  write_cifar10(folder);
  write_file(folder / "batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\r\ni\nj\n\n");
  EXPECT_THAT(open_cifar10(folder.path(), 0).class_names,
              ElementsAre("a", "b", "c", "d", "e", "f", "g", "h", "i", "j"));
  write_file(folder / "batches.meta.txt", "a\nb\n");
  EXPECT_EQ(cifar_error(folder), "cifar10: '" + (folder / "batches.meta.txt").string() +
                                     "': must have the names of 10 classes, one a line, got 2");
}

TEST(CifarReaderTest, NamesAFileThatIsMissing) {
  const TempFolder folder;
  EXPECT_EQ(cifar_error(folder),
            "cifar10: no file 'data_batch_1.bin' in '" + folder.path().string() + "'");
  EXPECT_EQ(error_text<DataError>([&] { open_cifar100(folder.path(), false, 0); }),
            "cifar100: no file 'train.bin' in '" + folder.path().string() + "'");
  EXPECT_THAT(error_text<DataError>([&] { open_cifar10(folder / "gone", 0); }),
              HasSubstr("gone': no such folder"));
}

TEST(CifarReaderTest, RefusesAGapBetweenBatches) {
  const TempFolder folder;
  write_cifar10(folder);
  write_file(folder / "data_batch_4.bin", records({1}));
  EXPECT_EQ(cifar_error(folder), "cifar10: no file 'data_batch_3.bin' in '" +
                                     folder.path().string() + "', but one with the number 4");
}

TEST(CifarReaderTest, SaysWhereTheLastBatchesOfThePublishedOnesAreNotThere) {
  const TempFolder folder;
  write_cifar10(folder);
  EXPECT_THAT(open_cifar10(folder.path(), 0).warnings,
              ElementsAre("cifar10: '" + folder.path().string() +
                          "' ends with data_batch_2.bin, and CIFAR-10 as published has 5 batches: "
                          "train is only what is there"));
  for (const char* batch : {"3", "4", "5"})
    write_file(folder / ("data_batch_" + std::string(batch) + ".bin"), records({1}));
  EXPECT_THAT(open_cifar10(folder.path(), 0).warnings, ElementsAre());
}

TEST(CifarReaderTest, RefusesAFileThatWasCutAndSaysHowMuchIsThere) {
  const TempFolder folder;
  write_cifar10(folder);
  Bytes cut = records({1, 2});
  cut.resize(5000);
  write_file(folder / "data_batch_2.bin", cut);
  EXPECT_EQ(cifar_error(folder), "cifar10: '" + (folder / "data_batch_2.bin").string() +
                                     "': must hold records of 3073 bytes, got 5000 bytes, which is "
                                     "1 records and 1927 bytes");
  write_file(folder / "data_batch_2.bin", Bytes{});
  EXPECT_THAT(cifar_error(folder), HasSubstr("got 0 bytes"));
  write_file(folder / "data_batch_2.bin", records({1}));
  write_file(folder / "test_batch.bin", cut);
  EXPECT_THAT(cifar_error(folder), HasSubstr("test_batch.bin': must hold records"));
}

TEST(CifarReaderTest, RefusesALabelThatIsNoClassAndSaysWhere) {
  const TempFolder folder;
  write_cifar10(folder);
  write_file(folder / "data_batch_2.bin", records({1, 77}));
  EXPECT_EQ(cifar_error(folder), "cifar10: '" + (folder / "data_batch_2.bin").string() +
                                     "': labels must be below 10, got 77 (record 1)");
}

TEST(CifarReaderTest, ReadsFineAndCoarseLabelsOfCifar100) {
  const TempFolder folder;
  Bytes train;
  add_record(train, {19, 98}, 10);
  add_record(train, {2, 5}, 20);
  write_file(folder / "train.bin", train);
  write_file(folder / "test.bin", train);
  std::string coarse_names, fine_names;
  for (int i = 0; i < 100; ++i) {
    fine_names += "fine" + std::to_string(i) + "\n";
    if (i < 20) coarse_names += "coarse" + std::to_string(i) + "\n";
  }
  write_file(folder / "fine_label_names.txt", fine_names);
  write_file(folder / "coarse_label_names.txt", coarse_names);
  const Source fine = open_cifar100(folder.path(), false, 0);
  EXPECT_EQ(fine.train->label(0), 98);
  EXPECT_EQ(fine.train->label(1), 5);
  EXPECT_EQ(fine.class_names.at(98), "fine98");
  EXPECT_EQ(fine.test->size(), 2);
  const Source coarse = open_cifar100(folder.path(), true, 0);
  EXPECT_EQ(coarse.train->label(0), 19);
  EXPECT_EQ(coarse.class_names.size(), 20U);
  Image image;
  coarse.train->decode(1, image);
  EXPECT_THAT(Bytes(image.pixels.begin(), image.pixels.begin() + 6),
              ElementsAre(200, 21, 22, 20, 21, 22));
  train[1] = 100;
  write_file(folder / "train.bin", train);
  EXPECT_THAT(error_text<DataError>([&] { open_cifar100(folder.path(), false, 0); }),
              HasSubstr("train.bin': labels must be below 100, got 100 (record 0)"));
}

// By the pack's README: 1,000 train records (100 a class), 500 of test (50 a class).
TEST(CifarReaderTest, ReadsTheSampleOfTheRealLayout) {
  const auto pack = test::find_pack("cifar10-bin-sample.tar.gz");
  if (!pack) GTEST_SKIP() << "no cifar10-bin-sample.tar.gz (KITH_DATA)";
  const TempFolder folder;
  test::unpack(*pack, folder.path());
  DatasetSettings settings;
  settings.reader = "cifar10";
  settings.path = folder / "cifar10-bin-sample/cifar-10-batches-bin";
  const auto dataset = open_dataset(settings);
  EXPECT_EQ(dataset->size(Split::kTrain) + dataset->size(Split::kVal), 1000);
  EXPECT_EQ(dataset->class_names().at(0), "airplane");
  EXPECT_EQ(dataset->class_names().at(9), "truck");
  std::map<std::int64_t, int> train, test;
  for (const Split split : {Split::kTrain, Split::kVal}) {
    for (const std::int64_t label : dataset->labels(split)) ++train[label];
    // The hold-out by hash, in Python's words in host/data/README.md.
    for (std::int64_t i = 0; i < dataset->size(split); ++i) {
      const bool in_val =
          static_cast<double>(sha256_prefix(dataset->name(split, i))) < 0.1 * 0x1p64;
      EXPECT_EQ(in_val, split == Split::kVal) << dataset->name(split, i);
    }
  }
  dataset->open_test();
  for (const std::int64_t label : dataset->labels(Split::kTest)) ++test[label];
  EXPECT_EQ(train.size(), 10U);
  EXPECT_EQ(test.size(), 10U);
  for (const auto& [label, count] : train) EXPECT_EQ(count, 100) << label;
  for (const auto& [label, count] : test) EXPECT_EQ(count, 50) << label;
}

TEST(CifarReaderTest, TellsOfAllThatIsWrongWhereThatIsWanted) {
  const TempFolder folder;
  Bytes cut = records({1, 2});
  cut.resize(5000);
  write_file(folder / "data_batch_1.bin", cut);
  write_file(folder / "data_batch_2.bin", records({77, 1, 88}));
  write_file(folder / "data_batch_4.bin", cut);
  write_file(folder / "test_batch.bin", records({5, 99}));
  write_file(folder / "batches.meta.txt", "a\nb\n");
  std::vector<std::string> told;
  const Source source = open_cifar10(folder.path(), 0, [&](const auto& t) { told.push_back(t); });
  EXPECT_THAT(
      told,
      ElementsAre(HasSubstr("no file 'data_batch_3.bin'"),
                  HasSubstr("batches.meta.txt': must have the names of 10 classes"),
                  HasSubstr("data_batch_1.bin': must hold records of 3073 bytes, got 5000 bytes"),
                  HasSubstr("data_batch_4.bin': must hold records of 3073 bytes, got 5000 bytes"),
                  HasSubstr("data_batch_2.bin': labels must be below 10, got 77 (record 0)"),
                  HasSubstr("data_batch_2.bin': labels must be below 10, got 88 (record 2)")));
  EXPECT_EQ(source.train->size(), 3);
  told.clear();
  source.test->open(10);
  EXPECT_THAT(told, ElementsAre(HasSubstr("test_batch.bin': labels must be below 10, got 99")));
}

TEST(CifarReaderTest, GoesOnToTestWhereThereIsNoTrainAndProblemsArePassedOver) {
  const TempFolder folder;
  write_file(folder / "test_batch.bin", records({5}));
  std::vector<std::string> told;
  const Source source = open_cifar10(folder.path(), 0, [&](const auto& t) { told.push_back(t); });
  EXPECT_THAT(told, ElementsAre(HasSubstr("no file 'data_batch_1.bin'")));
  EXPECT_EQ(source.train->size(), 0);
  EXPECT_EQ(source.test->size(), 1);
}

}  // namespace
}  // namespace kith::host
