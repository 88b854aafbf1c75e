// SPDX-License-Identifier: Apache-2.0
#include "experiment_fixture.h"

namespace kith::host {
namespace {

class OverridesTest : public ExperimentFixture {
 protected:
  Experiment with(const std::vector<std::string>& overrides) const {
    return load(kSmallExperiment, overrides).experiment;
  }
  std::string error(const std::string& override) const {
    const std::string text = errors(kSmallExperiment, {override});
    EXPECT_TRUE(text.ends_with("\n1 error in exp.toml")) << text;
    return text.substr(0, text.rfind('\n'));
  }
};

TEST_F(OverridesTest, SetsAKeyOfATableOrOfTheFile) {
  const Experiment experiment =
      with({"optimizer.base_lr=0.5", "seed = 7", "train.channels_last=true", "name='other'"});
  EXPECT_EQ(experiment.optimizer.base_lr, 0.5);
  EXPECT_EQ(experiment.seed, 7u);
  EXPECT_TRUE(experiment.train.channels_last);
  EXPECT_EQ(experiment.name, "other");
}

TEST_F(OverridesTest, TakesABareWordForText) {
  const Experiment experiment =
      with({"name=other-1", "train.precision=bf16", "data.path=/my data/fashion"});
  EXPECT_EQ(experiment.name, "other-1");
  EXPECT_EQ(experiment.train.precision, Precision::kBf16);
  EXPECT_EQ(experiment.data.path, "/my data/fashion");
}

TEST_F(OverridesTest, ComesAfterTheFileInOrder) {
  EXPECT_EQ(with({"train.epochs=1", "train.epochs=2"}).train.epochs, 2);
}

TEST_F(OverridesTest, MakesATableThatIsNotThere) {
  EXPECT_EQ(with({"schedule.warmup_epochs=0.5"}).schedule.warmup_epochs, 0.5);
}

TEST_F(OverridesTest, FindsAnItemOfAListByItsIndex) {
  write("exp.toml", std::string(kSmallExperiment) +
                        "[[evaluation]]\nplugin = \"knn\"\n[[evaluation]]\nplugin = \"knn\"\n");
  const Experiment experiment =
      load_file("exp.toml", {"views.0.size=32", "evaluation.1.every_epochs=1", "evaluation.0.k=5"})
          .experiment;
  EXPECT_EQ(experiment.views[0].size, 32);
  EXPECT_EQ(experiment.evaluations[0].every_epochs, 0);
  EXPECT_EQ(experiment.evaluations[1].every_epochs, 1);
  EXPECT_EQ(std::get<std::int64_t>(experiment.evaluations[0].plugin.options[0].values.at(0)), 5);
}

TEST_F(OverridesTest, TakesListsAndTables) {
  const Experiment experiment =
      with({"encoder.widths=[1, 2, 3]", "method.loss={ plugin = \"info_nce\", temperature = 1 }",
            "optimizer.no_decay=['bias']"});
  EXPECT_EQ(find_option(experiment.roles[0].plugin, "widths")->values.size(), 3u);
  EXPECT_EQ(find_option(experiment.method, "loss")->plugin->id, "org.kith.info_nce");
  EXPECT_EQ(experiment.optimizer.no_decay.size(), 1u);
}

TEST_F(OverridesTest, ReachesIntoAPluginThatIsNamedInShort) {
  write("exp.toml", small_with("plugin = \"simclr\"", "plugin = \"simclr\"\nloss = \"info_nce\""));
  const Experiment experiment = load_file("exp.toml", {"method.loss.temperature=0.3"}).experiment;
  const OptionValue* loss = find_option(experiment.method, "loss");
  EXPECT_EQ(loss->plugin->id, "org.kith.info_nce");
  EXPECT_EQ(std::get<double>(loss->plugin->options[0].values.at(0)), 0.3);
}

TEST_F(OverridesTest, ReplacesAPluginWithItsOptionsInAnyOrder) {
  write("exp.toml", small_with("plugin = \"convnet\"", "plugin = \"convnet\"\nwidths = [1]"));
  const ResolvedExperiment resolved =
      load_file("exp.toml", {"encoder.depth=50", "encoder.plugin=resnet"});
  const PluginUse& encoder = resolved.experiment.roles[0].plugin;
  EXPECT_EQ(encoder.id, "org.kith.resnet");
  EXPECT_EQ(std::get<std::int64_t>(encoder.options[0].values.at(0)), 50);
  ASSERT_EQ(resolved.warnings.size(), 1u);
  EXPECT_NE(resolved.warnings[0].find("'widths'"), std::string::npos);
  EXPECT_TRUE(resolved.warnings[0].ends_with("(--set encoder.plugin=resnet)"));
}

TEST_F(OverridesTest, TakesQuotedPartsOfAKey) {
  const Experiment experiment = with({"data.sha256.\"a.gz\"=" + std::string(64, 'b')});
  EXPECT_EQ(experiment.data.sha256.at("a.gz"), std::string(64, 'b'));
}

TEST_F(OverridesTest, TakesPathsRelativeToTheCurrentFolder) {
  EXPECT_EQ(with({"data.path=here"}).data.path, std::filesystem::current_path() / "here");
}

TEST_F(OverridesTest, IsNamedWhereItsValueIsWrong) {
  EXPECT_EQ(error("train.epochs=0"),
            "train.epochs: must be in [1, 1000000], got 0 (--set train.epochs=0)");
  EXPECT_EQ(error("train.epochs=six"),
            "train.epochs: must be an integer in [1, 1000000], got the text \"six\" (--set "
            "train.epochs=six)");
}

TEST_F(OverridesTest, SuggestsTheNearestNameForAnUnknownKey) {
  EXPECT_EQ(error("train.epoch=3"),
            "train: unknown key 'epoch'; did you mean 'epochs'? (--set train.epoch=3)");
  EXPECT_EQ(error("trian.epochs=3"),
            "experiment: unknown key 'trian'; did you mean 'train'? (--set trian.epochs=3)");
  EXPECT_EQ(error("method.los.temperature=3"),
            "method: unknown key 'los'; did you mean 'loss'? (--set method.los.temperature=3)");
}

TEST_F(OverridesTest, SaysWhichIndicesThereAre) {
  EXPECT_EQ(error("views.1.size=3"),
            "views: is a list of 1 value, so an index from 0 to 0 must follow, got '1' (--set "
            "views.1.size=3)");
  EXPECT_EQ(error("views.size=3"),
            "views: is a list of 1 value, so an index from 0 to 0 must follow, got 'size' (--set "
            "views.size=3)");
}

TEST_F(OverridesTest, RefusesAKeyBelowAValue) {
  EXPECT_EQ(error("train.epochs.x=3"),
            "train.epochs: is the integer 6 at exp.toml:13:10, so no key can follow it (--set "
            "train.epochs.x=3)");
}

TEST_F(OverridesTest, SaysWhatAnOverrideLooksLike) {
  EXPECT_EQ(error("train.epochs"),
            "--set: must be key=value, for example optimizer.base_lr=0.1 (--set train.epochs)");
  EXPECT_EQ(error("=3"), "--set: must be key=value, for example optimizer.base_lr=0.1 (--set =3)");
  EXPECT_EQ(error("name="), "--set: a value is missing; empty text is written '' (--set name=)");
  EXPECT_EQ(error("extends=a.toml"),
            "--set: extends can stand in a file only (--set extends=a.toml)");
}

TEST_F(OverridesTest, RefusesAValueThatIsNotToml) {
  const std::string text = error("encoder.widths=[1, 2");
  EXPECT_TRUE(text.starts_with("--set: the value must be a TOML value or a bare word, got [1, 2: "))
      << text;
  EXPECT_TRUE(error("seed=[1]\nname=2")
                  .starts_with("--set: the value must be a TOML value or a bare word, got "
                               "[1]\\nname=2: more than one value"));
}

}  // namespace
}  // namespace kith::host
