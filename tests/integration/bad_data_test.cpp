// SPDX-License-Identifier: Apache-2.0
// Data that can't be used.
#include <gmock/gmock.h>

#include <filesystem>

#include "host/data/data_files.h"
#include "run_contents.h"
#include "small_data.h"
#include "workshop.h"

namespace kith::integration {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// The small experiment on the folder of images in `pictures/`.
std::string on_pictures() {
  const auto text = replaced(kSmallExperiment, "reader = \"idx\"\npath = \"data\"",
                             "reader = \"image_folder\"\npath = \"pictures\"");
  return replaced(text, "batch_size = 32", "batch_size = 8");
}

class BadDataTest : public Workshop {
 protected:
  fs::path pictures() const { return folder() / "pictures"; }
};

TEST_F(BadDataTest, MissingPathNamesTheNearestFolder) {
  EXPECT_EQ(error_of_run(kSmallExperiment), "data: '" + (folder() / "data").string() +
                                                "': no such folder; the nearest that exists is '" +
                                                folder().string() + "'\n");
}

TEST_F(BadDataTest, FolderWithoutIdxFilesNamesTheFileThatIsWanted) {
  fs::create_directories(folder() / "data");
  EXPECT_THAT(error_of_run(kSmallExperiment), HasSubstr("idx: no file 'train-images-idx3-ubyte' or "
                                                        "'train-images-idx3-ubyte.gz' in '"));
}

TEST_F(BadDataTest, EmptyFolderOfImagesIsNamed) {
  fs::create_directories(pictures());
  EXPECT_EQ(error_of_run(on_pictures()),
            "image_folder: '" + pictures().string() + "': is empty: no class folder, no image\n");
}

TEST_F(BadDataTest, ClassWithoutAnImageIsNamed) {
  write_image_folder(pictures(), 24, 16);
  fs::create_directories(pictures() / "train" / "emu");
  EXPECT_EQ(
      error_of_run(on_pictures()),
      "image_folder: '" + (pictures() / "train" / "emu").string() + "': class without an image\n");
}

TEST_F(BadDataTest, ImagesFileThatWasCutNamesBothSizes) {
  write_idx_data(folder() / "data");
  const auto file = folder() / "data" / "train-images-idx3-ubyte";
  fs::resize_file(file, 20000);
  EXPECT_EQ(error_of_run(kSmallExperiment),
            "idx: '" + file.string() + "': must have 46096 bytes by its header, got 20000\n");
}

TEST_F(BadDataTest, OtherDigestThanTheExperimentWantsIsNamed) {
  write_idx_data(folder() / "data");
  const std::string zeros(64, '0');
  EXPECT_THAT(
      error_of_run(replaced(
          kSmallExperiment, "path = \"data\"",
          "path = \"data\"\nsha256 = { \"train-images-idx3-ubyte\" = \"" + zeros + "\" }")),
      HasSubstr("train-images-idx3-ubyte': SHA-256 must be " + zeros + " (data.sha256), got "));
}

TEST_F(BadDataTest, FileThatIsNoImageIsFoundBeforeTheRun) {
  write_image_folder(pictures(), 24, 16);
  const auto file = pictures() / "train" / "cat" / "3.png";
  write_text(file, "no image");
  EXPECT_EQ(error_of_run(on_pictures()),
            "data: '" + file.string() +
                "': wanted a JPEG or PNG image, got text that begins with \"no image\"\n");
}

/// Headers are read before the run, pixels when their turn comes: the run has begun by then, and
/// its folder stays.
TEST_F(BadDataTest, ImageThatIsDamagedBehindItsHeaderStopsTheRunAndNamesIt) {
  for (const std::string ending : {".png", ".jpg"}) {
    fs::remove_all(pictures());
    write_image_folder(pictures(), 24, 16, ending);
    for (int i = 0; i < 24; ++i) {  // a whole class, since some are in val
      const auto file = pictures() / "train" / "cat" / (std::to_string(i) + ending);
      const auto bytes = read_text(file);
      write_text(file, bytes.substr(0, bytes.size() * 2 / 3));
    }
    const auto outcome = kith({"run", experiment(on_pictures())});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, testing::ContainsRegex("train sample [0-9]+ \\('cat/[0-9]+" + ending +
                                                    "', epoch 0, step [0-9]+\\)"));
    EXPECT_THAT(outcome.err, testing::ContainsRegex("'" + pictures().string() +
                                                    "/train/cat/[0-9]+" + ending + "': damaged "));
    EXPECT_FALSE(made_runs().empty());
  }
}

/// The file can be put right, and the run begun anew in the same folder.
TEST_F(BadDataTest, RunThatADamagedImageStoppedGoesOnWhenItIsPutRight) {
  write_image_folder(pictures(), 24, 16);
  const auto file = pictures() / "train" / "cat" / "3.png";
  const auto whole = read_text(file);
  const auto expected = run(on_pictures());
  write_text(file, whole.substr(0, whole.size() / 2));
  EXPECT_EQ(kith({"run", experiment(on_pictures()), "--folder", "stopped"}).code, 1);
  write_text(file, whole);
  const auto outcome = kith({"run", "--resume", "stopped"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  expect_equal_runs(folder() / "stopped", expected);
}

/// 24 pictures a class in train and 8 in test, of which two of train and one of test are damaged.
void write_damaged_pictures(const fs::path& pictures) {
  write_image_folder(pictures, 24, 16);
  for (int i = 0; i < 8; ++i) {
    const auto image = host::test::noise_image(16, 16, 3, 500 + static_cast<std::uint32_t>(i));
    for (const char* name : {"cat", "dog"})
      host::test::write_file(pictures / "test" / name / (std::to_string(i) + ".png"),
                             host::test::png_bytes(image));
  }
  const auto file = pictures / "train" / "cat" / "3.png";
  write_text(file, read_text(file).substr(0, 100));
  write_text(pictures / "train" / "dog" / "4.png", "no image");
  write_text(pictures / "test" / "dog" / "5.png", "");
}

TEST_F(BadDataTest, DamagedImagesAreLeftOutNamedAndCountedWhereTheExperimentSaysSo) {
  write_damaged_pictures(pictures());
  const auto text =
      replaced(on_pictures(), "path = \"pictures\"", "path = \"pictures\"\non_damaged = \"skip\"");
  const auto outcome = kith({"run", experiment(text)});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("data: 2 images do not decode, left out (data.on_damaged = "
                                     "\"skip\"):\n  train: data: '" +
                                     (pictures() / "train/cat/3.png").string() +
                                     "': damaged PNG: the file ends early\n"));
  EXPECT_THAT(outcome.err, HasSubstr("data: 1 image does not decode, left out"));
  EXPECT_THAT(outcome.err, HasSubstr("  test: data: '" + (pictures() / "test/dog/5.png").string() +
                                     "': wanted a JPEG or PNG image, got an empty file\n"));
  EXPECT_THAT(outcome.out, HasSubstr("3 images do not decode, left out; log.jsonl names them\n"));
  const auto run = made_runs().at(0);
  std::vector<std::string> left_out;
  for (const auto& line : read_log(run))
    if (line.contains("left_out")) left_out.push_back(line["left_out"]);
  EXPECT_THAT(left_out, testing::ElementsAre("cat/3.png", "dog/4.png", "dog/5.png"));
  EXPECT_EQ(read_count(run, "images_left_out"), 3);
  EXPECT_EQ(read_count(run, "rows_filled"), 0);
  const auto samples = read_datasets(run).at("/samples/test/path");
  EXPECT_THAT(samples, HasSubstr("dog/4.png"));
  EXPECT_THAT(samples, testing::Not(HasSubstr("dog/5.png")));
}

TEST_F(BadDataTest, RunsThatLeaveDamagedImagesOutAreEqualOnAnyNumberOfLoaderThreads) {
  write_damaged_pictures(pictures());
  const auto text =
      replaced(on_pictures(), "path = \"pictures\"", "path = \"pictures\"\non_damaged = \"skip\"");
  expect_equal_runs(run(text), run(text, {"--set", "train.loader_threads=0"}));
}

TEST_F(BadDataTest, ResumeRefusesDataOfWhichOtherImagesDecode) {
  write_damaged_pictures(pictures());
  const auto text =
      replaced(on_pictures(), "path = \"pictures\"", "path = \"pictures\"\non_damaged = \"skip\"");
  const auto made = run(text);
  // As if the run had been stopped before its end: run.h5 is gone, the checkpoint is there.
  fs::remove(made / "run.h5");
  write_text(pictures() / "train" / "dog" / "6.png", "no image");
  const auto outcome = kith({"run", "--resume", made.string()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("are not those that the run began with"));
}

TEST_F(BadDataTest, DataCheckListsEveryFileThatDoesNotDecodeInAllSplits) {
  write_damaged_pictures(pictures());
  const std::string at = pictures().string();
  const std::string expected =
      "image_folder in " + at +
      ": 2 classes\n"
      "train        48 images, 2 damaged\n"
      "  data: '" +
      at +
      "/train/cat/3.png': damaged PNG: the file ends early\n"
      "  data: '" +
      at +
      "/train/dog/4.png': wanted a JPEG or PNG image, got text that begins with \"no image\"\n"
      "test         16 images, 1 damaged\n"
      "  data: '" +
      at +
      "/test/dog/5.png': wanted a JPEG or PNG image, got an empty file\n"
      "(that test was walked over here is counted as a reading of test in no run)\n"
      "3 of 64 images do not decode; put them right or remove them, or leave them out with "
      "data.on_damaged = \"skip\"\n";
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"data", "check", experiment(on_pictures())}, {"data", "check", at}}) {
    const auto outcome = kith(arguments);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.out, expected);
    EXPECT_EQ(outcome.err, "");
  }
  EXPECT_TRUE(made_runs().empty());
}

TEST_F(BadDataTest, ARunThatLeavesNothingOutCountsNone) {
  write_image_folder(pictures(), 24, 16);
  EXPECT_EQ(read_count(run(on_pictures()), "images_left_out"), 0);
}

TEST_F(BadDataTest, DataCheckListsWhatIsWrongWithFoldersBesideWhatDoesNotDecode) {
  write_damaged_pictures(pictures());
  const std::string at = pictures().string();
  fs::create_directories(pictures() / "train" / "emu");
  fs::create_directories(pictures() / "train" / "gnu");
  fs::create_symlink(folder() / "gone", pictures() / "train" / "owl");
  fs::create_directories(pictures() / "test" / "yak");
  write_text(pictures() / "test" / "yak" / "1.png", "no image");
  const auto outcome = kith({"data", "check", at});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out,
            "image_folder in " + at + ": 4 classes\n  image_folder: '" + at +
                "/train/owl': is a link to nothing\n  image_folder: '" + at +
                "/train/emu': class without an image\n  image_folder: '" + at +
                "/train/gnu': class without an image\n  image_folder: '" + at +
                "/test': class 'yak' is not one of the classes in '" + at +
                "/train'\n"
                "train        48 images, 2 damaged\n  data: '" +
                at + "/train/cat/3.png': damaged PNG: the file ends early\n  data: '" + at +
                "/train/dog/4.png': wanted a JPEG or PNG image, got text that begins with \"no "
                "image\"\n"
                "test         17 images, 2 damaged\n  data: '" +
                at + "/test/dog/5.png': wanted a JPEG or PNG image, got an empty file\n  data: '" +
                at +
                "/test/yak/1.png': wanted a JPEG or PNG image, got text that begins with \"no "
                "image\"\n"
                "(that test was walked over here is counted as a reading of test in no run)\n"
                "problems with files, labels or folders: 4; put them right\n"
                "4 of 65 images do not decode; put them right or remove them, or leave them out "
                "with data.on_damaged = \"skip\"\n");
}

TEST_F(BadDataTest, DataCheckListsEveryLabelThatIsNoClass) {
  write_idx_data(folder() / "data");
  const auto labels = folder() / "data" / "t10k-labels-idx1-ubyte";
  auto bytes = read_text(labels);
  bytes[bytes.size() - 3] = 8;
  bytes.back() = 9;
  write_text(labels, bytes);
  const auto outcome = kith({"data", "check", "data", "--reader", "idx"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("test         80 images, 0 damaged, problems: 2\n"));
  EXPECT_THAT(outcome.out, HasSubstr("got 8 (sample 77)\n"));
  EXPECT_THAT(outcome.out, HasSubstr("got 9 (sample 79)\n"));
  EXPECT_THAT(outcome.out, HasSubstr("problems with files, labels or folders: 2; put them right\n"
                                     "of the images that could be looked at none is damaged\n"));
}

TEST_F(BadDataTest, DataCheckListsEveryCutBatchAndEveryLabelOfCifar) {
  const auto batches = folder() / "batches";
  for (const int i : {1, 2, 3}) {
    std::vector<std::uint8_t> record(3073, 7);
    record[0] = i == 3 ? 77 : 1;
    if (i < 3) record.pop_back();
    host::test::write_file(batches / ("data_batch_" + std::to_string(i) + ".bin"), record);
  }
  const auto outcome = kith({"data", "check", "batches", "--reader", "cifar10"});
  EXPECT_EQ(outcome.code, 1);
  for (const std::string text :
       {"data_batch_1.bin': must hold records of 3073 bytes, got 3072 bytes",
        "data_batch_2.bin': must hold records of 3073 bytes, got 3072 bytes",
        "data_batch_3.bin': labels must be below 10, got 77 (record 0)",
        "problems with files, labels or folders: 3; put them right\n"})
    EXPECT_THAT(outcome.out, HasSubstr(text));
}

TEST_F(BadDataTest, DataCheckSaysThatAllIsWell) {
  write_idx_data(folder() / "data");
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"data", "check", experiment(kSmallExperiment)},
                                             {"data", "check", "data", "--reader", "idx"}}) {
    const auto outcome = kith(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("train       320 images, 0 damaged\n"));
    EXPECT_THAT(outcome.out, HasSubstr("test         80 images, 0 damaged\n"));
    EXPECT_THAT(outcome.out, HasSubstr("all 400 images decode\n"));
  }
}

TEST_F(BadDataTest, DataCheckNamesAFileThatCannotBeReadAtAll) {
  write_idx_data(folder() / "data");
  const auto labels = folder() / "data" / "t10k-labels-idx1-ubyte";
  auto bytes = read_text(labels);
  bytes.back() = 9;
  write_text(labels, bytes);
  const auto outcome = kith({"data", "check", experiment(kSmallExperiment)});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("  idx: '" + labels.string() + "': labels must be below 4"));
}

TEST_F(BadDataTest, DataCheckTakesAReaderForAFolderOnly) {
  const auto outcome = kith({"data", "check", experiment(kSmallExperiment), "--reader", "idx"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err,
            "data check: --reader goes with a folder; in an experiment it is written as "
            "data.reader, or set with --set data.reader=idx\n");
}

TEST_F(BadDataTest, ClassInTestAloneIsNamed) {
  write_image_folder(pictures(), 24, 16);
  fs::create_directories(pictures() / "test" / "emu");
  EXPECT_THAT(error_of_run(on_pictures()),
              HasSubstr("test': class 'emu' is not one of the classes in '"));
}

TEST_F(BadDataTest, EvaluationThatNeedsLabelsIsLeftOutOfDataWithoutThemAndSaysSo) {
  write_idx_data(folder() / "data", false);
  const auto outcome = kith({"run", experiment(kSmallExperiment)});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err,
              HasSubstr("org.kith.knn: needs labels, and the data set in '" +
                        (folder() / "data").string() + "' has none: this evaluation is left out"));
  EXPECT_THAT(outcome.out, testing::Not(HasSubstr("trained encoder")));
  EXPECT_THAT(outcome.out, HasSubstr("on 295 training images"));  // val is held out all the same
  const auto datasets = read_datasets(made_runs().at(0));
  for (const char* split : {"train", "val", "test"})
    EXPECT_TRUE(datasets.contains(std::string("/features/encoder/features/") + split)) << split;
}

TEST_F(BadDataTest, EvaluationThatNeedsNoLabelsRunsOnDataWithoutThem) {
  write_idx_data(folder() / "data", false);
  const auto outcome = kith({"run", experiment(std::string(kSmallExperiment) +
                                               "\n[[evaluation]]\nplugin = \"view_retrieval\"\n")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("org.kith.knn: needs labels"));
  EXPECT_THAT(outcome.err, testing::Not(HasSubstr("view_retrieval")));
  EXPECT_THAT(outcome.out, HasSubstr("view_retrieval on val\n"));
  const auto datasets = read_datasets(made_runs().at(0));
  for (const char* row : {"pixels", "untrained", "trained"})
    EXPECT_TRUE(
        datasets.contains("/metrics/view_retrieval/val/" + std::string(row) + "/plain/recall_at_1"))
        << row;
}

TEST_F(BadDataTest, MethodThatNeedsLabelsRefusesDataWithoutThem) {
  for (int i = 0; i < 24; ++i)
    host::test::write_file(
        pictures() / (std::to_string(i) + ".png"),
        host::test::png_bytes(host::test::noise_image(16, 16, 3, static_cast<std::uint32_t>(i))));
  auto text = replaced(on_pictures(), "plugin = \"simclr\"\nhead_width = 16\nembedding_width = 8",
                       "plugin = \"supervised\"");
  EXPECT_EQ(error_of_run(replaced(text, "count = 2", "count = 1")),
            "org.kith.supervised: needs labels, and the data set in '" + pictures().string() +
                "' has none\n");
}

}  // namespace
}  // namespace kith::integration
