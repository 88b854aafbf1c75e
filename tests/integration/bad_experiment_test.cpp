// SPDX-License-Identifier: Apache-2.0
// Experiments that can't be run: the text, the exit code, and no folder left behind.
#include <gmock/gmock.h>

#include <filesystem>

#include "small_data.h"
#include "workshop.h"

namespace kith::integration {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class BadExperimentTest : public Workshop {
 protected:
  BadExperimentTest() { write_idx_data(folder() / "data"); }

  /// The error of the small experiment with one place of its text replaced.
  std::string error_with(const std::string& old, const std::string& with) const {
    return error_of_run(replaced(kSmallExperiment, old, with));
  }
};

TEST_F(BadExperimentTest, MissingFileIsNamedWithWhatLiesBesideIt) {
  experiment(kSmallExperiment, "there.toml");
  const auto outcome = kith({"run", "missing.toml"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err,
              HasSubstr("experiment: no file 'missing.toml' in the folder " + folder().string() +
                        "; there are: 'there.toml' (missing.toml)"));
  EXPECT_TRUE(made_runs().empty());
}

TEST_F(BadExperimentTest, FolderInPlaceOfAFileIsNamed) {
  const auto outcome = kith({"run", "data"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("experiment: must be a TOML file, got the folder " +
                                     (folder() / "data").string()));
}

TEST_F(BadExperimentTest, SyntaxErrorHasLineAndColumn) {
  const auto text = error_with("seed = 1", "seed = ");
  EXPECT_THAT(text, StartsWith("toml: "));
  EXPECT_THAT(text, HasSubstr("expected value"));
  EXPECT_THAT(text, HasSubstr("(experiment.toml:2:8)\n1 error in experiment.toml\n"));
}

TEST_F(BadExperimentTest, UnknownKeySuggestsTheNearest) {
  EXPECT_EQ(error_with("log_every", "log_evry"),
            "train: unknown key 'log_evry'; did you mean 'log_every'? (experiment.toml:30:1)\n"
            "1 error in experiment.toml\n");
}

TEST_F(BadExperimentTest, UnknownOptionOfAPluginSuggestsTheNearest) {
  EXPECT_EQ(error_with("head_width", "head_with"),
            "method: unknown key 'head_with'; did you mean 'head_width'? (experiment.toml:16:1)\n"
            "1 error in experiment.toml\n");
}

TEST_F(BadExperimentTest, UnknownPluginSuggestsTheNearest) {
  EXPECT_EQ(error_with("\"simclr\"", "\"simcrl\""),
            "method: no method 'simcrl'; did you mean 'simclr'? (experiment.toml:15:10)\n"
            "1 error in experiment.toml\n");
}

TEST_F(BadExperimentTest, PluginOfAnotherKindIsNotTaken) {
  EXPECT_THAT(error_with("head_width", "loss = \"convnet\"\nhead_width"),
              HasSubstr("method.loss: no loss 'convnet'; there are: "));
}

TEST_F(BadExperimentTest, ValueOutOfRangeNamesTheRange) {
  EXPECT_EQ(error_with("base_lr = 2e-3", "base_lr = -1"),
            "optimizer.base_lr: must be in [0, 1000], got -1 (experiment.toml:36:11)\n"
            "1 error in experiment.toml\n");
}

TEST_F(BadExperimentTest, OptionOfAPluginOutOfRangeNamesTheRange) {
  EXPECT_THAT(
      error_with("head_width", "loss = { plugin = \"nt_xent\", temperature = 0.0 }\nhead_width"),
      HasSubstr(
          "method.loss.temperature: must be in [1e-04, 10000], got 0 (experiment.toml:16:44)"));
}

TEST_F(BadExperimentTest, WrongTypeNamesBoth) {
  EXPECT_EQ(error_with("seed = 1", "seed = \"one\""),
            "seed: must be an integer >= 0, got the text \"one\" (experiment.toml:2:8)\n"
            "1 error in experiment.toml\n");
}

TEST_F(BadExperimentTest, WordThatIsNoChoiceListsThem) {
  EXPECT_THAT(
      error_with("\"adamw\"", "\"admw\""),
      HasSubstr(
          "optimizer.kind: must be one of \"sgd\", \"adam\", \"adamw\", \"lars\", \"larc\", got "
          "\"admw\"; did you mean "
          "\"adamw\"? (experiment.toml:35:8)"));
}

TEST_F(BadExperimentTest, AllErrorsOfAFileComeAtOnceInItsOrder) {
  auto text = replaced(kSmallExperiment, "seed = 1", "seed = \"one\"");
  text = replaced(text, "count = 2", "count = 1000");
  text = replaced(text, "\"flip\"", "\"flop\"");
  text = replaced(text, "log_every", "log_evry");
  const auto error = error_of_run(replaced(text, "\"knn\"", "\"knm\""));
  std::size_t last = 0;
  for (const char* part :
       {"seed: must be an integer >= 0", "views.0.count: must be in [1, 64], got 1000",
        "no augmentation 'flop'; did you mean 'flip'?", "train: unknown key 'log_evry'",
        "no evaluation 'knm'; did you mean 'knn'?", "5 errors in experiment.toml\n"}) {
    const auto place = error.find(part);
    ASSERT_NE(place, std::string::npos) << part << " is not in\n" << error;
    EXPECT_GE(place, last) << part << " is not in order in\n" << error;
    last = place;
  }
}

TEST_F(BadExperimentTest, MistakeInSetNamesIt) {
  EXPECT_THAT(
      error_of_run(kSmallExperiment, {"--set", "train.epohcs=2"}),
      HasSubstr("train: unknown key 'epohcs'; did you mean 'epochs'? (--set train.epohcs=2)"));
  EXPECT_THAT(error_of_run(kSmallExperiment, {"--set", "optimizer.base_lr=fast"}),
              HasSubstr("--set optimizer.base_lr=fast"));
}

TEST_F(BadExperimentTest, BatchLargerThanTheDataNamesBoth) {
  EXPECT_EQ(error_with("batch_size = 32", "batch_size = 296"),
            "train.batch_size: the batch is larger than the data set: wanted at most 295 (images "
            "of the train split), "
            "got 296\n");
}

TEST_F(BadExperimentTest, WrongNumberOfViewsNamesTheMethod) {
  EXPECT_EQ(error_with("count = 2", "count = 3"),
            "org.kith.simclr: wants 2 views, [[views]] gives 3\n");
}

TEST_F(BadExperimentTest, OptionsThatContradictEachOtherAreFoundBeforeTheFirstStep) {
  EXPECT_EQ(error_with("widths = [8, 16]", "widths = [8]"),
            "org.kith.convnet: constructor: convnet: widths and strides must be equally long, got "
            "1 and 2\n");
}

TEST_F(BadExperimentTest, MoreThreadsThanCoresAreRefused) {
  const auto error = error_with("tensor_threads = 1", "tensor_threads = 1000");
  EXPECT_THAT(
      error,
      testing::AnyOf(
          HasSubstr("train: tensor_threads and loader_threads together must not exceed the "),
          HasSubstr("train.tensor_threads: must be in ")));
}

TEST_F(BadExperimentTest, GpuThatIsNotThereIsAnError) {
  if (std::filesystem::exists("/dev/nvidia0") || std::filesystem::exists("/dev/dxg"))
    GTEST_SKIP() << "this machine seems to have a GPU";
  const std::string missing =
      "device: cuda was asked for and can't be used: no NVIDIA GPU is seen (no /dev/nvidia0 and no "
      "/dev/dxg)\n";
  EXPECT_EQ(error_of_run(kSmallExperiment, {"--device", "cuda"}), missing);
  environment["KITH_DEVICE"] = "cuda";
  EXPECT_EQ(error_of_run(kSmallExperiment), missing) << "where --device is not given";
  EXPECT_EQ(kith({"plugin", "check", "knn"}).err, missing);
  EXPECT_EQ(kith({"plugin", "check", "knn", "--device", "cpu"}).err, "");
}

TEST_F(BadExperimentTest, WordInTheEnvironmentThatIsNoDeviceIsAnErrorOfCommandsThatWantOne) {
  environment["KITH_DEVICE"] = "gpu";
  const std::string wrong =
      "device: wanted auto, cpu or cuda, got 'gpu' (--device, else KITH_DEVICE)\n";
  EXPECT_EQ(error_of_run(kSmallExperiment), wrong);
  EXPECT_EQ(kith({"plugin", "check", "knn"}).err, wrong);
  EXPECT_EQ(kith({"sweep", "sweep.toml"}).err, wrong);
  EXPECT_EQ(kith({"plugin", "inspect", "knn"}).err, "");
  EXPECT_EQ(kith({"run", "--help"}).err, "");
  environment["KITH_DEVICE"] = "";
  EXPECT_EQ(kith({"plugin", "check", "knn"}).err, "") << "as if it were not set";
}

TEST_F(BadExperimentTest, FolderThatExistsIsNotTouched) {
  write_text(folder() / "taken" / "mine.txt", "mine");
  EXPECT_EQ(error_of_run(kSmallExperiment, {"--folder", "taken"}),
            "run: folder 'taken' exists already; name another, or go on with the run in it: kith "
            "run --resume taken\n");
  EXPECT_EQ(read_text(folder() / "taken" / "mine.txt"), "mine");
  EXPECT_FALSE(std::filesystem::exists(folder() / "taken" / "run.lock"));
}

TEST_F(BadExperimentTest, FolderOfRunsThatCannotBeMadeIsNamed) {
  write_text(folder() / "file", "");
  environment["KITH_RUNS"] = (folder() / "file" / "runs").string();
  EXPECT_THAT(error_of_run(kSmallExperiment), HasSubstr((folder() / "file").string()));
}

}  // namespace
}  // namespace kith::integration
