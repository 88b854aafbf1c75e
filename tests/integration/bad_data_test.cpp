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
                "': wanted a JPEG or PNG image, got a file that begins otherwise\n");
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

TEST_F(BadDataTest, EvaluationThatNeedsLabelsIsLeftOutOfDataWithoutThemAndSaysSo) {
  write_idx_data(folder() / "data", false);
  const auto outcome = kith({"run", experiment(kSmallExperiment)});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err,
              HasSubstr("org.kith.knn: needs labels, and the data set in '" +
                        (folder() / "data").string() + "' has none: this evaluation is left out"));
  EXPECT_THAT(outcome.out, testing::Not(HasSubstr("trained encoder")));
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
