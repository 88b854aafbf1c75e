// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "experiment_fixture.h"

namespace kith::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DataSectionTest : public ExperimentFixture {
 protected:
  /// kSmallExperiment with this [data] table.
  static std::string with_data(const std::string& lines) {
    return small_with("reader = \"idx\"\npath = \"data\"\n", lines);
  }
  DataConfig data(const std::string& lines) const { return load(with_data(lines)).experiment.data; }
};

TEST_F(DataSectionTest, ReadsSplitsThatLieApart) {
  const DataConfig read = data(
      "reader = \"image_folder\"\ntrain_path = \"photos\"\ntest_path = \"/exam\"\n"
      "apply_orientation = true\non_damaged = \"skip\"\n");
  EXPECT_EQ(read.reader, DataReader::kImageFolder);
  EXPECT_TRUE(read.path.empty());
  EXPECT_EQ(read.train_path, folder_ / "photos");
  EXPECT_TRUE(read.val_path.empty());
  EXPECT_EQ(read.test_path, "/exam");
  EXPECT_TRUE(read.apply_orientation);
  EXPECT_EQ(read.on_damaged, OnDamaged::kSkip);
}

TEST_F(DataSectionTest, HasDefaultsThatChangeNothing) {
  const DataConfig read = data("reader = \"image_folder\"\npath = \"photos\"\n");
  EXPECT_TRUE(read.train_path.empty());
  EXPECT_FALSE(read.apply_orientation);
  EXPECT_EQ(read.on_damaged, OnDamaged::kStop);
  EXPECT_EQ(read.labels, CifarLabels::kFine);
}

TEST_F(DataSectionTest, ReadsTheLabelsOfCifar100) {
  EXPECT_EQ(data("reader = \"cifar100\"\npath = \"c\"\nlabels = \"coarse\"\n").labels,
            CifarLabels::kCoarse);
  EXPECT_EQ(data("reader = \"cifar10\"\npath = \"c\"\n").reader, DataReader::kCifar10);
}

TEST_F(DataSectionTest, AsksForAPathUnlessTrainHasItsOwn) {
  EXPECT_EQ(errors(with_data("reader = \"image_folder\"\ntest_path = \"exam\"\n")),
            "data: the key 'path' is missing; it must be the path of the data set's folder "
            "(exp.toml:2:1)\n1 error in exp.toml");
  EXPECT_THAT(errors(with_data("reader = \"idx\"\ntrain_path = \"photos\"\n")),
              HasSubstr("data: the key 'path' is missing"));
  EXPECT_THAT(errors(with_data("reader = \"image_folder\"\npath = \"a\"\nval_path = \"\"\n")),
              HasSubstr("data.val_path: must be the path of a folder, got empty text "
                        "(exp.toml:5:12)"));
}

TEST_F(DataSectionTest, WantsAPathForTheFilesOfDigests) {
  const std::string digest(64, '0');
  EXPECT_THAT(errors(with_data("reader = \"image_folder\"\ntrain_path = \"a\"\nsha256 = { x = \"" +
                               digest + "\" }\n")),
              HasSubstr("data.sha256: its files lie below data.path, which is missing "
                        "(exp.toml:5:10)"));
}

TEST_F(DataSectionTest, RefusesWordsThatAreNoChoice) {
  EXPECT_THAT(
      errors(with_data("reader = \"image_folder\"\npath = \"a\"\non_damaged = \"ignore\"\n")),
      HasSubstr("data.on_damaged: must be one of \"stop\", \"skip\", got \"ignore\""));
  EXPECT_THAT(errors(with_data("reader = \"cifar\"\npath = \"a\"\n")),
              HasSubstr("data.reader: must be one of \"idx\", \"image_folder\", \"cifar10\", "
                        "\"cifar100\", got \"cifar\"; did you mean \"cifar10\"?"));
}

TEST_F(DataSectionTest, WarnsOfSettingsThatTheReaderDoesNotUse) {
  const ResolvedExperiment resolved = load(
      with_data("reader = \"idx\"\npath = \"data\"\ntest_path = \"exam\"\nlabels = \"coarse\"\n"
                "on_damaged = \"skip\"\napply_orientation = true\n"));
  EXPECT_THAT(resolved.warnings,
              ElementsAre(HasSubstr("data.test_path: has no effect with reader = \"idx\""),
                          HasSubstr("data.labels: has no effect with reader = \"idx\""),
                          HasSubstr("data.apply_orientation: has no effect with reader = \"idx\""),
                          HasSubstr("data.on_damaged: has no effect with reader = \"idx\"")));
  const DataConfig& read = resolved.experiment.data;
  EXPECT_TRUE(read.test_path.empty());
  EXPECT_EQ(read.labels, CifarLabels::kFine);
  EXPECT_EQ(read.on_damaged, OnDamaged::kStop);
  EXPECT_FALSE(read.apply_orientation);
}

TEST_F(DataSectionTest, IsReadAloneWhateverElseIsWrongInTheFile) {
  write("exp.toml", small_with("plugin = \"simclr\"", "plugin = \"absent\""));
  const DataConfig read = load_data(folder_ / "exp.toml", {"data.val_fraction=0.2"});
  EXPECT_EQ(read.path, folder_ / "data");
  EXPECT_EQ(read.val_fraction, 0.2);
  EXPECT_THROW(load_data(folder_ / "exp.toml", {"data.val_fractoin=0.2"}), ConfigError);
}

TEST_F(DataSectionTest, IsMadeForAFolderWithoutAnExperiment) {
  const DataConfig read = data_at(folder_ / "a \"b\"", "image_folder", {"data.on_damaged=skip"});
  EXPECT_EQ(read.path, folder_ / "a \"b\"");
  EXPECT_EQ(read.reader, DataReader::kImageFolder);
  EXPECT_EQ(read.on_damaged, OnDamaged::kSkip);
  EXPECT_THROW(data_at(folder_, "webdataset", {}), ConfigError);
}

}  // namespace
}  // namespace kith::host
