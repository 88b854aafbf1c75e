// SPDX-License-Identifier: Apache-2.0
#include "experiment_fixture.h"

namespace kith::host {
namespace {

class ConfigErrorsTest : public ExperimentFixture {
 protected:
  /// The one error that the small experiment gives with a piece of it replaced, without the count.
  std::string error(const std::string& old_text, const std::string& new_text) const {
    const std::string text = errors(small_with(old_text, new_text));
    const std::string count = "\n1 error in exp.toml";
    if (!text.ends_with(count)) {
      ADD_FAILURE() << "not one error: " << text;
      return text;
    }
    return text.substr(0, text.size() - count.size());
  }
};

TEST_F(ConfigErrorsTest, NamesTheFolderOfAMissingFileAndTheNearestFile) {
  write("experiment.toml", "");
  EXPECT_EQ(errors_of_file("experimnt.toml"),
            "experiment: no file 'experimnt.toml' in the folder " + folder_.string() +
                "; did you mean 'experiment.toml'? (experimnt.toml)\n1 error in experimnt.toml");
  EXPECT_EQ(errors_of_file("none/e.toml"),
            "experiment: no file 'e.toml' in the folder none, which does not exist (none/e.toml)\n"
            "1 error in none/e.toml");
}

TEST_F(ConfigErrorsTest, RefusesAFolderInPlaceOfAFile) {
  write("exp/experiment.toml", "");
  EXPECT_EQ(errors_of_file("exp"),
            "experiment: must be a TOML file, got the folder exp; did you mean "
            "'experiment.toml'? (exp)\n1 error in exp");
}

TEST_F(ConfigErrorsTest, GivesLineAndColumnOfASyntaxError) {
  EXPECT_EQ(error("epochs = 6", "epochs = 06"),
            "toml: in the decimal integer: leading zeroes are prohibited (exp.toml:13:12)");
  const std::string text = error("epochs = 6", "epochs = = 6");
  EXPECT_TRUE(text.starts_with("toml: in the ")) << text;
  EXPECT_TRUE(text.ends_with("(exp.toml:13:10)")) << text;
}

TEST_F(ConfigErrorsTest, RefusesWhatTheParserAssertsCannotBe) {
  EXPECT_EQ(error("epochs = 6", "[[[views]]]"),
            "toml: in the key: expected bare key starting character or string delimiter, saw '[' "
            "(exp.toml:13:3)");
  EXPECT_EQ(error("epochs = 6", "\xc3\xa4 = 6"),
            "toml: in the root table: expected keys, tables, whitespace or comments, saw "
            "'\xc3\xa4' (exp.toml:13:1)");
}

TEST_F(ConfigErrorsTest, RefusesAKeyThatIsThereTwice) {
  const std::string text = error("epochs = 6", "epochs = 6\nepochs = 7");
  EXPECT_NE(text.find("(exp.toml:14:"), std::string::npos) << text;
}

TEST_F(ConfigErrorsTest, SuggestsTheNearestNameForAnUnknownKey) {
  EXPECT_EQ(error("[train]", "[train]\nbatchsize = 3"),
            "train: unknown key 'batchsize'; did you mean 'batch_size'? (exp.toml:13:1)");
  EXPECT_EQ(error("[train]", "[scheduler]\n[train]"),
            "experiment: unknown key 'scheduler'; did you mean 'schedule'? (exp.toml:12:2)");
  EXPECT_EQ(error("[train]", "[guards]\nfatl = true\n[train]"),
            "guards: unknown key 'fatl'; did you mean 'fatal'? (exp.toml:13:1)");
  EXPECT_EQ(error("[train]", "[online_prob]\n[train]"),
            "experiment: unknown key 'online_prob'; did you mean 'online_probe'? (exp.toml:12:2)");
  EXPECT_EQ(error("plugin = \"simclr\"", "plugin = \"simclr\"\nlos = \"nt_xent\""),
            "method: unknown key 'los'; did you mean 'loss'? (exp.toml:9:1)");
}

TEST_F(ConfigErrorsTest, ListsTheKeysWhereNoneIsNear) {
  EXPECT_EQ(error("size = 28", "size = 28\nzzzzzzzz = 1"),
            "views.0: unknown key 'zzzzzzzz'; there are: 'count', 'size', 'arithmetic', 'augment' "
            "(exp.toml:12:1)");
}

TEST_F(ConfigErrorsTest, SaysWhichTypeWasWantedAndWhatCame) {
  EXPECT_EQ(
      error("epochs = 6", "epochs = \"six\""),
      "train.epochs: must be an integer in [1, 1000000], got the text \"six\" (exp.toml:13:10)");
  EXPECT_EQ(error("epochs = 6", "epochs = 6.0"),
            "train.epochs: must be an integer in [1, 1000000], got the real number 6.0 "
            "(exp.toml:13:10)");
  EXPECT_EQ(error("4e-3", "true"),
            "optimizer.base_lr: must be a number in [0, 1000], got true (exp.toml:17:11)");
  EXPECT_EQ(error("\"idx\"", "7"),
            "data.reader: must be one of \"idx\", \"image_folder\", \"cifar10\", \"cifar100\", got "
            "the integer 7 "
            "(exp.toml:3:10)");
  EXPECT_EQ(error("\"small\"", "2024-01-01"), "name: must be text, got a date (exp.toml:1:8)");
  EXPECT_EQ(error("[train]", "[train]\nchannels_last = 1"),
            "train.channels_last: must be true or false, got the integer 1 (exp.toml:13:17)");
  EXPECT_EQ(error("[[views]]", "[views]"),
            "views: must be a list of tables [[views]] with the keys count, size and augment, got "
            "a table (exp.toml:9:1)");
}

TEST_F(ConfigErrorsTest, AsksForNoKeysOfATableWhereSomethingElseStands) {
  EXPECT_EQ(errors("train = 3\n" + small_with("[train]\nepochs = 6\nbatch_size = 256\n", "")),
            "train: must be a table, got the integer 3 (exp.toml:1:9)\n1 error in exp.toml");
  EXPECT_EQ(error("[encoder]\nplugin = \"convnet\"", "[encoder]\nplugin = 3"),
            "encoder.plugin: must be the name of a plugin, or { file = \"./my.so\" }, got the "
            "integer 3 (exp.toml:6:10)");
}

TEST_F(ConfigErrorsTest, SaysWhichRangeWasWantedAndWhatCame) {
  EXPECT_EQ(error("epochs = 6", "epochs = 0"),
            "train.epochs: must be in [1, 1000000], got 0 (exp.toml:13:10)");
  EXPECT_EQ(error("batch_size = 256", "batch_size = -1"),
            "train.batch_size: must be in [1, 1048576], got -1 (exp.toml:14:14)");
  EXPECT_EQ(error("path = \"data\"", "path = \"data\"\nval_fraction = 0.6"),
            "data.val_fraction: must be in [0, 0.5], got 0.6 (exp.toml:5:16)");
  EXPECT_EQ(error("path = \"data\"", "path = \"data\"\ntrain_images = 0"),
            "data.train_images: must be >= 1, got 0 (exp.toml:5:16)");
  EXPECT_EQ(error("[train]", "[guards]\nevery_steps = 0\n[train]"),
            "guards.every_steps: must be in [1, 1000000], got 0 (exp.toml:13:15)");
  EXPECT_EQ(error("[train]", "[online_probe]\nbase_lr = -1\n[train]"),
            "online_probe.base_lr: must be in [0, 1000], got -1 (exp.toml:13:11)");
  EXPECT_EQ(error("4e-3", "inf"),
            "optimizer.base_lr: must be a finite number in [0, 1000], got inf (exp.toml:17:11)");
  EXPECT_EQ(error("4e-3", "4e-3\nbeta1 = 1"),
            "optimizer.beta1: must be in [0, 1), got 1 (exp.toml:18:9)");
}

TEST_F(ConfigErrorsTest, SuggestsTheNearestChoice) {
  EXPECT_EQ(error("\"adamw\"", "\"admw\""),
            "optimizer.kind: must be one of \"sgd\", \"adam\", \"adamw\", \"lars\", \"larc\", got "
            "\"admw\"; did you mean "
            "\"adamw\"? (exp.toml:16:8)");
  EXPECT_EQ(error("4e-3", "4e-3\nlr_rule = \"lineer\""),
            "optimizer.lr_rule: must be one of \"none\", \"linear\", \"sqrt\", got \"lineer\"; did "
            "you mean \"linear\"? (exp.toml:18:11)");
  EXPECT_EQ(
      error("4e-3", "4e-3\nno_decay = [\"biases\"]"),
      "optimizer.no_decay.0: must be one of \"bias\", \"norm\", \"position_table\", "
      "\"class_token\", \"log_scale\", got \"biases\"; did you mean \"bias\"? (exp.toml:18:13)");
}

TEST_F(ConfigErrorsTest, NamesEveryRequiredKeyThatIsMissing) {
  EXPECT_EQ(
      errors("seed = 3\n[train]\nepochs = 2\n"),
      "experiment: the key 'name' is missing; it must be text, the name of the run (exp.toml)\n"
      "data: the key 'reader' is missing; it must be one of \"idx\", \"image_folder\", "
      "\"cifar10\", \"cifar100\" "
      "(exp.toml)\n"
      "data: the key 'path' is missing; it must be the path of the data set's folder "
      "(exp.toml)\n"
      "experiment: the key 'encoder' is missing; it must be a table [encoder] with the key "
      "'plugin' (exp.toml)\n"
      "experiment: the key 'method' is missing; it must be a table [method] with the key "
      "'plugin' (exp.toml)\n"
      "experiment: the key 'views' is missing; it must be a list of tables [[views]] with the "
      "keys count, size and augment (exp.toml)\n"
      "optimizer: the key 'kind' is missing; it must be one of \"sgd\", \"adam\", \"adamw\", "
      "\"lars\", \"larc\" "
      "(exp.toml)\n"
      "optimizer: the key 'base_lr' is missing; it must be a number in [0, 1000] (exp.toml)\n"
      "train: the key 'batch_size' is missing; it must be an integer in [1, 1048576] "
      "(exp.toml:2:1)\n"
      "9 errors in exp.toml");
}

TEST_F(ConfigErrorsTest, ReportsAllErrorsOfAFileInTheOrderOfItsLines) {
  EXPECT_EQ(
      errors(R"(name = "a b"
sed = 1
[data]
reader = "idx"
path = ""
[encoder]
plugin = "convnet"
widths = [0, 16, "x"]
[method]
plugin = "simcrl"
[[views]]
size = 0
[train]
epochs = 0
batch_size = 1
[optimizer]
kind = "sgd"
base_lr = 0.1
)"),
      "name: must have 1 to 100 letters, digits, '_', '-' and '.', and begin with a letter, "
      "digit or '_', got \"a b\" (exp.toml:1:8)\n"
      "experiment: unknown key 'sed'; did you mean 'seed'? (exp.toml:2:1)\n"
      "data.path: must be the path of a folder, got empty text (exp.toml:5:8)\n"
      "encoder.widths.0: must be in [1, 4096], got 0 (exp.toml:8:11)\n"
      "encoder.widths.2: must be an integer in [1, 4096], got the text \"x\" (exp.toml:8:18)\n"
      "method: no method 'simcrl'; did you mean 'simclr'? (exp.toml:10:10)\n"
      "views.0.size: must be in [1, 4096], got 0 (exp.toml:12:8)\n"
      "train.epochs: must be in [1, 1000000], got 0 (exp.toml:14:10)\n"
      "8 errors in exp.toml");
}

TEST_F(ConfigErrorsTest, ChecksTheScheduleAgainstTheRun) {
  const std::string small = kSmallExperiment;
  EXPECT_EQ(errors(small + "[schedule]\nwarmup_epochs = 6.5\n"),
            "schedule.warmup_epochs: must be at most train.epochs, which is 6, got 6.5 "
            "(exp.toml:19:17)\n1 error in exp.toml");
  EXPECT_EQ(errors(small + "[schedule]\nkind = \"step\"\nmilestones = [3, 4]\nfactors = [0.1]\n"),
            "schedule.factors: must be as many as milestones, which are 2, got 1 (exp.toml:21:11)\n"
            "1 error in exp.toml");
  EXPECT_EQ(errors(small + "[schedule]\nkind = \"step\"\nmilestones = [4, 3, 6]\n"),
            "schedule.milestones.1: must be above the milestone before it, which is 4, got 3 "
            "(exp.toml:20:18)\n"
            "schedule.milestones.2: must be below train.epochs, which is 6, got 6 "
            "(exp.toml:20:21)\n2 errors in exp.toml");
  EXPECT_EQ(errors(small + "[schedule]\nkind = \"step\"\n"),
            "schedule: the key 'milestones' is missing; it must be a list of epochs, as kind = "
            "\"step\" needs it (exp.toml:18:1)\n1 error in exp.toml");
}

TEST_F(ConfigErrorsTest, ChecksSettingsAgainstEachOther) {
  EXPECT_EQ(error("\"adamw\"", "\"sgd\"\nnesterov = true\nsgd_momentum = 0"),
            "optimizer.nesterov: needs sgd_momentum > 0, got 0 (exp.toml:17:12)");
  EXPECT_EQ(error("[train]", "[eval_view]\nresize = 20\n[train]"),
            "eval_view.resize: must be at least the size of the crop, which is 28 px, got 20 "
            "(exp.toml:13:10)");
  EXPECT_EQ(error("[train]", "[[evaluation]]\nplugin = \"knn\"\nrole = \"image\"\n[train]"),
            "evaluation.0.role: must be \"encoder\", got \"image\" (exp.toml:14:8)");
  EXPECT_EQ(error("[train]", "[[evaluation]]\nplugin = \"knn\"\naugment = []\n[train]"),
            "evaluation.0.augment: 'knn' looks at features of whole images, not at views; take the "
            "key away (exp.toml:14:11)");
  EXPECT_EQ(error("[train]", "[[evaluation]]\nplugin = \"knn\"\npixels = \"yes\"\n[train]"),
            "evaluation.0.pixels: must be \"auto\", true or false, got the text \"yes\" "
            "(exp.toml:14:10)");
  EXPECT_EQ(error("4e-3", "4e-3\nno_decay = [\"bias\", \"bias\"]"),
            "optimizer.no_decay.1: \"bias\" is in the list twice (exp.toml:18:21)");
  EXPECT_EQ(error("path = \"data\"", "path = \"data\"\nsha256 = { f = \"12\" }"),
            "data.sha256.\"f\": must be 64 hexadecimal digits, got \"12\" (exp.toml:5:16)");
  EXPECT_EQ(error("[encoder]", "[encoder.Image]"),
            "encoder.Image: the name of a role must begin with a letter and have only lower-case "
            "letters, digits and '_', got 'Image' (exp.toml:5:10)");
}

TEST_F(ConfigErrorsTest, RefusesAFileThatExtendsItselfAndNamesTheChain) {
  write("a.toml", "extends = \"b.toml\"\n");
  write("b.toml", "name = \"b\"\nextends = \"a.toml\"\n");
  EXPECT_EQ(errors_of_file("a.toml"),
            "extends: a file can't extend itself: a.toml -> b.toml -> a.toml (b.toml:2:11)\n"
            "1 error in a.toml");
}

TEST_F(ConfigErrorsTest, SaysWhereAMissingBaseWasNamed) {
  EXPECT_EQ(errors("extends = \"none.toml\"\n"),
            "experiment: no file 'none.toml' in the folder " + folder_.string() +
                "; there are: 'exp.toml' (exp.toml:1:11)\n1 error in exp.toml");
  EXPECT_EQ(
      errors("extends = [\"a\"]\n"),
      "extends: must be text, the path of a TOML file, got a list of 1 value (exp.toml:1:11)\n"
      "1 error in exp.toml");
}

TEST_F(ConfigErrorsTest, NamesTheFileOfEachErrorWhereOneExtendsAnother) {
  write("base.toml", small_with("epochs = 6", "epochs = 0"));
  EXPECT_EQ(errors("extends = \"base.toml\"\n[optimizer]\nbase_lr = -1\n"),
            "train.epochs: must be in [1, 1000000], got 0 (base.toml:13:10)\n"
            "optimizer.base_lr: must be in [0, 1000], got -1 (exp.toml:3:11)\n"
            "2 errors in exp.toml");
}

}  // namespace
}  // namespace kith::host
