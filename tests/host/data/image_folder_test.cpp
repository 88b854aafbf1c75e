// SPDX-License-Identifier: Apache-2.0
#include "data/image_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kith/error.hpp>

#include "data_files.h"

namespace kith::host {
namespace {

using test::error_text;
using test::noise_image;
using test::png_bytes;
using test::TempFolder;
using test::write_file;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

void write_image(const TempFolder& folder, const std::string& name, std::uint32_t seed = 0) {
  write_file(folder / name, png_bytes(noise_image(4, 6, 3, seed)));
}

std::string folder_error(const TempFolder& folder) {
  return error_text<DataError>([&] { open_image_folder({.path = folder.path()}); });
}

std::vector<std::string> names(const SplitSource& source) {
  std::vector<std::string> all;
  for (std::int64_t i = 0; i < source.size(); ++i) all.push_back(source.name(i));
  return all;
}

TEST(ImageFolderTest, ReadsLabelledSplitsSortedByBytes) {
  TempFolder folder;
  write_image(folder, "train/b/2.png", 1);
  write_image(folder, "train/b/10.png", 2);
  write_image(folder, "train/Z/x.png", 3);
  write_image(folder, "train/a/deep/er/y.png", 4);
  write_image(folder, "test/b/1.png", 5);
  write_file(folder / "README.txt", "beside the splits");
  const Source source = open_image_folder({.path = folder.path()});
  EXPECT_THAT(source.class_names, ElementsAre("Z", "a", "b"));
  EXPECT_THAT(names(*source.train),
              ElementsAre("Z/x.png", "a/deep/er/y.png", "b/10.png", "b/2.png"));
  EXPECT_EQ(source.train->label(0), 0);
  EXPECT_EQ(source.train->label(1), 1);
  EXPECT_EQ(source.train->label(3), 2);
  EXPECT_EQ(source.val, nullptr);
  ASSERT_NE(source.test, nullptr);
  EXPECT_EQ(source.test->label(0), 2);
  Image image;
  source.train->decode(3, image);
  EXPECT_EQ(image.pixels, noise_image(4, 6, 3, 1).pixels);
}

TEST(ImageFolderTest, ReadsSplitsWithoutLabels) {
  TempFolder folder;
  write_image(folder, "train/1.png");
  write_image(folder, "val/2.png");
  write_image(folder, "test/3.png");
  const Source source = open_image_folder({.path = folder.path()});
  EXPECT_TRUE(source.class_names.empty());
  EXPECT_EQ(source.train->label(0), kNoLabel);
  EXPECT_THAT(names(*source.val), ElementsAre("2.png"));
  EXPECT_THAT(names(*source.test), ElementsAre("3.png"));
}

TEST(ImageFolderTest, ReadsImagesAloneAsTrain) {
  TempFolder folder;
  write_image(folder, "1.png");
  write_image(folder, "0.png");
  const Source source = open_image_folder({.path = folder.path()});
  EXPECT_THAT(names(*source.train), ElementsAre("0.png", "1.png"));
  EXPECT_EQ(source.test, nullptr);
}

TEST(ImageFolderTest, IgnoresHiddenFilesAndTellsFormatsByTheirBytes) {
  TempFolder folder;
  write_file(folder / "train/a/.DS_Store", "hidden");
  write_file(folder / "train/.cache/x", "hidden");
  write_image(folder, "train/a/wrong_extension.jpg", 8);
  const Source source = open_image_folder({.path = folder.path()});
  ASSERT_EQ(source.train->size(), 1);
  Image image;
  source.train->decode(0, image);
  EXPECT_EQ(image.pixels, noise_image(4, 6, 3, 8).pixels);
}

TEST(ImageFolderTest, GivesThreeChannelsUnlessOneIsWanted) {
  TempFolder folder;
  write_file(folder / "train/a/grey.png", png_bytes(noise_image(4, 6, 1, 2)));
  Image image;
  open_image_folder({.path = folder.path()}).train->decode(0, image);
  EXPECT_EQ(image.size, (ImageSize{4, 6, 3}));
  open_image_folder({.path = folder.path(), .channels = 1}).train->decode(0, image);
  EXPECT_EQ(image.pixels, noise_image(4, 6, 1, 2).pixels);
}

TEST(ImageFolderTest, NamesAFileThatIsNoImage) {
  TempFolder folder;
  write_image(folder, "train/a/1.png");
  write_file(folder / "train/a/notes.txt", "no image");
  EXPECT_EQ(folder_error(folder), "data: '" + (folder / "train/a/notes.txt").string() +
                                      "': wanted a JPEG or PNG image, got text that "
                                      "begins with \"no image\"");
}

TEST(ImageFolderTest, NamesADamagedImageWhenItIsDecoded) {
  TempFolder folder;
  auto bytes = png_bytes(noise_image(40, 60, 3, 0));
  bytes.resize(bytes.size() / 2);
  write_file(folder / "train/a/half.png", bytes);
  const Source source = open_image_folder({.path = folder.path()});
  Image image;
  EXPECT_EQ(
      error_text<DataError>([&] { source.train->decode(0, image); }),
      "data: '" + (folder / "train/a/half.png").string() + "': damaged PNG: the file ends early");
}

TEST(ImageFolderTest, RefusesAClassThatTrainLacks) {
  TempFolder folder;
  write_image(folder, "train/a/1.png");
  write_image(folder, "test/b/1.png");
  EXPECT_THAT(folder_error(folder), HasSubstr("test': class 'b' is not one of the classes in"));
}

TEST(ImageFolderTest, RefusesATestWithoutClassesWhereTrainHasThem) {
  TempFolder folder;
  write_image(folder, "train/a/1.png");
  write_image(folder, "test/1.png");
  EXPECT_THAT(folder_error(folder), HasSubstr("test': must have class folders if"));
}

TEST(ImageFolderTest, RefusesFilesBesideClassFolders) {
  TempFolder folder;
  write_image(folder, "train/a/1.png");
  write_image(folder, "train/2.png");
  EXPECT_THAT(folder_error(folder),
              HasSubstr("must hold class folders or images, got both (folder 'a', file '2.png')"));
}

TEST(ImageFolderTest, RefusesEmptyFolders) {
  TempFolder empty, without_images, empty_class;
  EXPECT_THAT(folder_error(empty), HasSubstr("is empty: no class folder, no image"));
  std::filesystem::create_directories(without_images / "train/a");
  EXPECT_THAT(folder_error(without_images), HasSubstr("train/a': class without an image"));
  write_image(empty_class, "train/a/1.png");
  std::filesystem::create_directories(empty_class / "train/b");
  EXPECT_THAT(folder_error(empty_class), HasSubstr("train/b': class without an image"));
}

TEST(ImageFolderTest, ListsWhatItFoundWhereTrainIsMissing) {
  TempFolder folder;
  write_image(folder, "cats/1.png");
  write_image(folder, "dogs/1.png");
  EXPECT_THAT(folder_error(folder),
              HasSubstr("must have a folder 'train', or images alone, got "
                        "folders 'cats', 'dogs'; where the classes lie in one "
                        "folder without splits, name it as train_path"));
}

TEST(ImageFolderTest, StopsAtALinkThatLeadsBack) {
  TempFolder folder;
  write_image(folder, "train/a/1.png");
  std::filesystem::create_directory_symlink(folder / "train/a", folder / "train/a/again");
  EXPECT_THAT(folder_error(folder), HasSubstr("deep; a link may lead back"));
}

TEST(ImageFolderTest, NamesALinkToNothing) {
  TempFolder folder;
  write_image(folder, "train/a/1.png");
  std::filesystem::create_symlink(folder / "gone", folder / "train/a/2.png");
  EXPECT_THAT(folder_error(folder), HasSubstr("train/a/2.png': is a link to nothing"));
}

TEST(ImageFolderTest, NamesAFolderThatIsALinkToNothing) {
  for (const char* name : {"train", "val", "test", "train/b"}) {
    TempFolder folder;
    write_image(folder, "train/a/1.png");
    if (std::string(name) == "train") std::filesystem::remove_all(folder / "train");
    std::filesystem::create_symlink(folder / "gone", folder / name);
    EXPECT_EQ(folder_error(folder),
              "image_folder: '" + (folder / name).string() + "': is a link to nothing");
  }
}

TEST(ImageFolderTest, ReadsATextFileNamedPngAsWhatItIs) {
  TempFolder folder;
  write_file(folder / "train/a/1.png", "<!DOCTYPE html>\n<html>");
  EXPECT_EQ(folder_error(folder), "data: '" + (folder / "train/a/1.png").string() +
                                      "': wanted a JPEG or PNG image, got text that begins with "
                                      "\"<!DOCTYPE html>\"");
}

TEST(ImageFolderTest, ReadsSplitsThatLieApart) {
  TempFolder folder;
  write_image(folder, "photos/a/1.png", 1);
  write_image(folder, "photos/b/2.png", 2);
  write_image(folder, "exam/b/3.png", 3);
  const Source source = open_image_folder(
      {.train_path = folder / "photos", .val_path = {}, .test_path = folder / "exam"});
  EXPECT_EQ(source.path, folder / "photos");
  EXPECT_THAT(source.class_names, ElementsAre("a", "b"));
  EXPECT_THAT(names(*source.train), ElementsAre("a/1.png", "b/2.png"));
  EXPECT_EQ(source.val, nullptr);
  EXPECT_THAT(names(*source.test), ElementsAre("b/3.png"));
  EXPECT_EQ(source.test->label(0), 1);
}

TEST(ImageFolderTest, TakesASplitFromItsOwnPathBeforeTheCommonOne) {
  TempFolder folder;
  write_image(folder, "data/train/a/1.png");
  write_image(folder, "data/test/a/2.png");
  write_image(folder, "other/a/3.png");
  const Source source = open_image_folder({.path = folder / "data", .test_path = folder / "other"});
  EXPECT_THAT(names(*source.train), ElementsAre("a/1.png"));
  EXPECT_THAT(names(*source.test), ElementsAre("a/3.png"));
}

TEST(ImageFolderTest, RefusesASplitThatLiesInAnother) {
  TempFolder folder;
  write_image(folder, "photos/a/1.png");
  write_image(folder, "photos/test/a/2.png");
  EXPECT_THAT(
      error_text<DataError>([&] {
        open_image_folder({.train_path = folder / "photos", .test_path = folder / "photos/test"});
      }),
      HasSubstr("image_folder: the folder of test must lie outside that of train, got '"));
}

TEST(ImageFolderTest, RefusesOneFolderForTwoSplits) {
  TempFolder folder;
  write_image(folder, "a/1.png");
  EXPECT_EQ(error_text<DataError>([&] {
              open_image_folder({.train_path = folder.path(), .test_path = folder / "a/.."});
            }),
            "image_folder: the folder of test must lie outside that of train, got '" +
                (folder / "a/..").string() + "' and '" + folder.path().string() + "'");
}

TEST(ImageFolderTest, NamesASplitsFolderThatIsNotThere) {
  TempFolder folder;
  write_image(folder, "data/train/a/1.png");
  EXPECT_THAT(error_text<DataError>([&] {
                open_image_folder({.path = folder / "data", .test_path = folder / "exam"});
              }),
              HasSubstr("exam': no such folder; the nearest that exists is '"));
}

TEST(ImageFolderTest, TurnsImagesAsTheirTagSaysWhereThatIsWanted) {
  TempFolder folder;
  const Image image = noise_image(4, 6, 3, 9);
  write_file(folder / "1.png", test::with_orientation(png_bytes(image), 6));
  const Source as_stored = open_image_folder({.path = folder.path()});
  const Source upright = open_image_folder({.path = folder.path(), .apply_orientation = true});
  Image decoded;
  as_stored.train->decode(0, decoded);
  EXPECT_EQ(decoded.pixels, image.pixels);
  upright.train->decode(0, decoded);
  EXPECT_EQ(decoded.size, (ImageSize{6, 4, 3}));
  EXPECT_EQ(upright.train->image_size(0), decoded.size);
  // By hand: a quarter turn to the right brings the lower left pixel to the upper left.
  EXPECT_THAT(std::vector(decoded.pixels.begin(), decoded.pixels.begin() + 3),
              ::testing::ElementsAreArray(image.pixels.data() + std::size_t{3} * 6 * 3, 3));
}

TEST(ImageFolderTest, KeepsWhatIsNoImageUntilItIsDecodedWhereThatIsWanted) {
  TempFolder folder;
  write_file(folder / "train/a/1.png", "no image");
  write_image(folder, "train/a/2.png");
  std::filesystem::create_symlink(folder / "gone", folder / "train/a/3.png");
  const Source source = open_image_folder({.path = folder.path(), .keep_damaged = true});
  ASSERT_EQ(source.train->size(), 3);
  Image image;
  source.train->decode(1, image);
  EXPECT_THAT(error_text<DataError>([&] { source.train->decode(0, image); }),
              HasSubstr("1.png': wanted a JPEG or PNG image, got text"));
  EXPECT_THAT(error_text<DataError>([&] { source.train->decode(2, image); }),
              HasSubstr("3.png': is a link to nothing"));
}

TEST(ImageFolderTest, TellsOfAllThatIsWrongWhereThatIsWanted) {
  TempFolder folder;
  write_image(folder, "train/a/1.png");
  write_image(folder, "train/beside.png");
  std::filesystem::create_directories(folder / "train/empty");
  std::filesystem::create_directories(folder / "train/vacant");
  std::filesystem::create_symlink(folder / "gone", folder / "train/dangling");
  write_image(folder, "test/a/1.png");
  write_image(folder, "test/emu/1.png");
  write_image(folder, "val/1.png");
  std::vector<std::string> told;
  const Source source =
      open_image_folder({.path = folder.path()}, [&](const auto& t) { told.push_back(t); });
  EXPECT_THAT(told, ElementsAre(HasSubstr("train/dangling': is a link to nothing"),
                                HasSubstr("got both (folder 'a', file 'beside.png')"),
                                HasSubstr("train/empty': class without an image"),
                                HasSubstr("train/vacant': class without an image"),
                                HasSubstr("val': must have class folders if "),
                                HasSubstr("test': class 'emu' is not one of the classes in ")));
  EXPECT_EQ(names(*source.train), std::vector<std::string>{"a/1.png"});
  EXPECT_EQ(names(*source.test), (std::vector<std::string>{"a/1.png", "emu/1.png"}));
  EXPECT_EQ(source.test->label(0), 0);
  EXPECT_EQ(source.test->label(1), kNoLabel);
}

TEST(ImageFolderTest, LinksThatLeadBackEndTheirClassWhereProblemsArePassedOver) {
  TempFolder folder;
  write_image(folder, "train/a/1.png");
  write_image(folder, "train/b/1.png");
  for (const char* again : {"train/a/again", "train/a/once_more"})
    std::filesystem::create_directory_symlink(folder / "train/a", folder / again);
  std::vector<std::string> told;
  open_image_folder({.path = folder.path()}, [&](const auto& t) { told.push_back(t); });
  EXPECT_THAT(told, ElementsAre(HasSubstr("deep; a link may lead back")));
}

}  // namespace
}  // namespace kith::host
