// SPDX-License-Identifier: Apache-2.0
#include "data/idx_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kith/error.hpp>

#include "data/idx_file.h"
#include "data_files.h"

namespace kith::host {
namespace {

using test::Bytes;
using test::error_text;
using test::gzip;
using test::idx_bytes;
using test::TempFolder;
using test::write_file;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Pixel values 0, 1, 2, ...
Bytes counted(std::size_t count) {
  Bytes values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<std::uint8_t>(i);
  return values;
}

void write_train(const TempFolder& folder, Bytes labels = {0, 2, 1}) {
  write_file(folder / "train-images-idx3-ubyte", idx_bytes({3, 2, 4}, counted(24)));
  const auto count = static_cast<std::uint32_t>(labels.size());
  write_file(folder / "train-labels-idx1-ubyte", idx_bytes({count}, labels));
}

std::string idx_error(const TempFolder& folder) {
  return error_text<DataError>([&] { open_idx(folder.path(), 0); });
}

TEST(IdxReaderTest, ReadsImagesAndLabels) {
  TempFolder folder;
  write_train(folder);
  const Source source = open_idx(folder.path(), 0);
  EXPECT_EQ(source.channels, 1);
  EXPECT_THAT(source.class_names, ElementsAre("0", "1", "2"));
  ASSERT_EQ(source.train->size(), 3);
  EXPECT_EQ(source.train->label(1), 2);
  EXPECT_EQ(source.train->name(1), "train/1");
  EXPECT_EQ(source.test, nullptr);
  Image image;
  source.train->decode(1, image);
  EXPECT_EQ(image.size, (ImageSize{2, 4, 1}));
  EXPECT_THAT(image.pixels, ElementsAre(8, 9, 10, 11, 12, 13, 14, 15));
}

TEST(IdxReaderTest, ReadsPackedFilesLikePlainOnes) {
  TempFolder plain, packed;
  write_train(plain);
  write_file(packed / "train-images-idx3-ubyte.gz", gzip(idx_bytes({3, 2, 4}, counted(24))));
  const Bytes labels = {0, 2, 1};
  write_file(packed / "train-labels-idx1-ubyte.gz", gzip(idx_bytes({3}, labels)));
  const Source a = open_idx(plain.path(), 0), b = open_idx(packed.path(), 0);
  Image from_plain, from_packed;
  for (int i = 0; i < 3; ++i) {
    a.train->decode(i, from_plain);
    b.train->decode(i, from_packed);
    EXPECT_EQ(from_plain.pixels, from_packed.pixels);
    EXPECT_EQ(a.train->label(i), b.train->label(i));
  }
}

TEST(IdxReaderTest, ReadsPackedDataOfSeveralMembers) {
  TempFolder folder;
  Bytes values = counted(24);
  const Bytes whole = idx_bytes({3, 2, 4}, values);
  Bytes packed = gzip(std::span(whole).first(20));
  const Bytes second = gzip(std::span(whole).subspan(20));
  packed.insert(packed.end(), second.begin(), second.end());
  write_file(folder / "x.gz", packed);
  EXPECT_EQ(read_idx_values(folder / "x.gz"), values);
}

TEST(IdxReaderTest, ReadsColourImagesOfFourDimensions) {
  TempFolder folder;
  write_file(folder / "train-images-idx4-ubyte", idx_bytes({2, 1, 2, 3}, counted(12)));
  const Source source = open_idx(folder.path(), 0);
  EXPECT_EQ(source.channels, 3);
  Image image;
  source.train->decode(1, image);
  EXPECT_THAT(image.pixels, ElementsAre(6, 7, 8, 9, 10, 11));
}

TEST(IdxReaderTest, RepeatsGreyWhenThreeChannelsAreWanted) {
  TempFolder folder;
  write_file(folder / "train-images-idx3-ubyte", idx_bytes({1, 1, 2}, counted(2)));
  const Source source = open_idx(folder.path(), 3);
  Image image;
  source.train->decode(0, image);
  EXPECT_THAT(image.pixels, ElementsAre(0, 0, 0, 1, 1, 1));
}

TEST(IdxReaderTest, HasNoClassesWithoutLabels) {
  TempFolder folder;
  write_file(folder / "train-images-idx3-ubyte", idx_bytes({3, 2, 4}, counted(24)));
  const Source source = open_idx(folder.path(), 0);
  EXPECT_TRUE(source.class_names.empty());
  EXPECT_EQ(source.train->label(0), kNoLabel);
}

TEST(IdxReaderTest, ReadsTestOnlyWhenItIsOpened) {
  TempFolder folder;
  write_train(folder);
  write_file(folder / "t10k-images-idx3-ubyte", idx_bytes({2, 2, 4}, counted(16)));
  const Bytes labels = {1, 1};
  write_file(folder / "t10k-labels-idx1-ubyte", idx_bytes({2}, labels));
  const Source source = open_idx(folder.path(), 0);
  ASSERT_NE(source.test, nullptr);
  EXPECT_EQ(source.test->size(), 2);
  std::filesystem::remove(folder / "t10k-images-idx3-ubyte");
  EXPECT_THAT(error_text<DataError>([&] { source.test->open(3); }),
              HasSubstr("t10k-images-idx3-ubyte': cannot be opened: No such file"));
}

TEST(IdxReaderTest, RefusesATestLabelThatTrainLacks) {
  TempFolder folder;
  write_train(folder);
  write_file(folder / "t10k-images-idx3-ubyte", idx_bytes({2, 2, 4}, counted(16)));
  const Bytes labels = {1, 3};
  write_file(folder / "t10k-labels-idx1-ubyte", idx_bytes({2}, labels));
  const Source source = open_idx(folder.path(), 0);
  EXPECT_THAT(
      error_text<DataError>([&] { source.test->open(3); }),
      HasSubstr("labels must be below 3, the number of classes of train, got 3 (sample 1)"));
}

TEST(IdxReaderTest, RefusesTestImagesOfAnotherSize) {
  TempFolder folder;
  write_train(folder);
  write_file(folder / "t10k-images-idx3-ubyte", idx_bytes({2, 4, 2}, counted(16)));
  EXPECT_THAT(idx_error(folder),
              HasSubstr("images must have the size of train's [3, 2, 4], got [2, 4, 2]"));
}

TEST(IdxReaderTest, RefusesLabelsInOnePartAlone) {
  TempFolder folder;
  write_train(folder);
  write_file(folder / "t10k-images-idx3-ubyte", idx_bytes({2, 2, 4}, counted(16)));
  EXPECT_THAT(idx_error(folder), HasSubstr("has no labels file 't10k-labels-idx1-ubyte[.gz]'"));
}

TEST(IdxReaderTest, RefusesAnotherNumberOfLabelsThanImages) {
  TempFolder folder;
  write_train(folder, {0, 1});
  EXPECT_THAT(idx_error(folder), AllOf(HasSubstr("one label for each of the 3 images of "),
                                       HasSubstr("'train-images-idx3-ubyte', got [2]")));
}

TEST(IdxReaderTest, NamesTheFileThatIsMissing) {
  TempFolder folder;
  EXPECT_EQ(idx_error(folder),
            "idx: no file 'train-images-idx3-ubyte' or 'train-images-idx3-ubyte.gz' in '" +
                folder.path().string() + "'");
}

TEST(IdxReaderTest, NamesTheNearestFolderOfAMissingPath) {
  TempFolder folder;
  EXPECT_EQ(error_text<DataError>([&] { open_idx(folder / "a/b", 0); }),
            "data: '" + (folder / "a/b").string() +
                "': no such folder; the nearest that exists is '" + folder.path().string() + "'");
}

struct DamagedFile {
  const char* what;
  Bytes bytes;
  const char* message;
};

TEST(IdxReaderTest, SaysWhatIsWrongWithADamagedFile) {
  const Bytes good = idx_bytes({3, 2, 4}, counted(24));
  const auto cut = [](Bytes bytes, std::size_t size) {
    bytes.resize(size);
    return bytes;
  };
  const auto with = [](Bytes bytes, std::size_t at, std::uint8_t value) {
    bytes[at] = value;
    return bytes;
  };
  Bytes longer = good;
  longer.push_back(0);
  const Bytes packed = gzip(good);
  const std::vector<DamagedFile> files = {
      {"empty", {}, "must begin with the 4 bytes of an IDX header, got 0 bytes"},
      {"text", {'a', 'b', 'c', 'd', 'e'}, "is no IDX file: its first two bytes must be 0"},
      {"float type", with(good, 2, 0x0D), "must hold unsigned bytes (type 8), got type 13"},
      {"no dimensions", with(good, 3, 0), "must have 1 to 8 dimensions, got 0"},
      {"header cut", cut(good, 10), "ends within its header, after 10 bytes"},
      {"data cut", cut(good, 30), "must have 40 bytes by its header, got 30"},
      {"one byte more", longer, "must have 40 bytes by its header, has more"},
      {"zero images", idx_bytes({0, 2, 4}, {}), "is empty: an extent is 0"},
      {"huge", idx_bytes({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, {}), "claims more than 2^40 values"},
      {"large claim", idx_bytes({0x7FFFFFFF, 2, 4}, {}), "bytes by its header, got 16"},
      {"labels as images", idx_bytes({3}, counted(3)),
       "must hold images [N, H, W] or [N, H, W, 1 or 3], got [3]"},
      {"gzip cut", cut(packed, packed.size() - 6), "gzip data ends early, after 40 unpacked"},
      {"gzip checksum", with(packed, packed.size() - 6, 0x5A),
       "gzip data is damaged after 40 bytes: incorrect data check"},
      {"gzip longer", gzip(longer), "must have 40 bytes by its header, has more"},
  };
  for (const DamagedFile& file : files) {
    SCOPED_TRACE(file.what);
    TempFolder folder;
    write_file(folder / "train-images-idx3-ubyte", file.bytes);
    EXPECT_THAT(idx_error(folder),
                AllOf(HasSubstr("/train-images-idx3-ubyte': "), HasSubstr(file.message)));
  }
}

TEST(IdxReaderTest, TellsOfAllThatIsWrongWhereThatIsWanted) {
  TempFolder folder;
  write_train(folder, {0, 1});
  write_file(folder / "t10k-images-idx3-ubyte", idx_bytes({3, 4, 2}, counted(24)));
  const Bytes labels = {7, 1, 8};
  write_file(folder / "t10k-labels-idx1-ubyte", idx_bytes({3}, labels));
  std::vector<std::string> told;
  const Source source = open_idx(folder.path(), 0, [&](const auto& t) { told.push_back(t); });
  EXPECT_THAT(told, ElementsAre(HasSubstr("one label for each of the 3 images of "),
                                HasSubstr("images must have the size of train's [3, 2, 4]")));
  told.clear();
  source.test->open(2);
  EXPECT_THAT(told, ElementsAre(HasSubstr("labels must be below 2, the number of classes of train, "
                                          "got 7 (sample 0)"),
                                HasSubstr("got 8 (sample 2)")));
}

TEST(IdxReaderTest, GoesOnToTestWhereTrainIsDamagedAndProblemsArePassedOver) {
  TempFolder folder;
  write_file(folder / "train-images-idx3-ubyte", "no idx file");
  Bytes cut = idx_bytes({2, 2, 4}, counted(16));
  cut.pop_back();
  write_file(folder / "t10k-images-idx3-ubyte", gzip(cut));
  std::vector<std::string> told;
  const Source source = open_idx(folder.path(), 0, [&](const auto& t) { told.push_back(t); });
  EXPECT_THAT(told, ElementsAre(HasSubstr("train-images-idx3-ubyte': is no IDX file")));
  EXPECT_EQ(source.train, nullptr);
  told.clear();
  source.test->open(-1);
  source.test->open(-1);
  EXPECT_THAT(told, ElementsAre(HasSubstr("t10k-images-idx3-ubyte': must have 32 bytes")))
      << "told once";
}

TEST(IdxReaderTest, OfManyWrongLabelsItTellsSomeAndHowManyMore) {
  TempFolder folder;
  for (const std::string part : {"train", "t10k"})
    write_file(folder / (part + "-images-idx3-ubyte"), idx_bytes({25, 1, 1}, counted(25)));
  write_file(folder / "train-labels-idx1-ubyte", idx_bytes({25}, Bytes(25, 1)));
  write_file(folder / "t10k-labels-idx1-ubyte", idx_bytes({25}, Bytes(25, 7)));
  std::vector<std::string> told;
  const Source source = open_idx(folder.path(), 0, [&](const auto& t) { told.push_back(t); });
  source.test->open(2);
  ASSERT_EQ(told.size(), 11U);
  EXPECT_THAT(told[0], HasSubstr("labels must be below 2, the number of classes of train, got 7 "
                                 "(sample 0)"));
  EXPECT_THAT(told[10], HasSubstr("labels of 15 more samples are not below 2"));
}

}  // namespace
}  // namespace kith::host
