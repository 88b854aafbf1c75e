// SPDX-License-Identifier: Apache-2.0
#include "experiment_fixture.h"

namespace kith::host {
namespace {

class ExtendsTest : public ExperimentFixture {};

TEST_F(ExtendsTest, MergesTablesKeyByKeyAndReplacesLists) {
  write("base.toml", small_with("plugin = \"convnet\"",
                                "plugin = \"convnet\"\nwidths = [1, 2, 3]\nnote = \"n\""));
  const Experiment experiment =
      load("extends = \"base.toml\"\n[train]\nepochs = 9\n[encoder]\nwidths = [7]\n").experiment;
  EXPECT_EQ(experiment.name, "small");
  EXPECT_EQ(experiment.train.epochs, 9);
  EXPECT_EQ(experiment.train.batch_size, 256);
  const PluginUse& encoder = experiment.roles[0].plugin;
  ASSERT_EQ(find_option(encoder, "widths")->values.size(), 1u);
  EXPECT_EQ(std::get<std::string>(find_option(encoder, "note")->values.at(0)), "n");
  EXPECT_EQ(without_folder(to_text(find_option(encoder, "widths")->where)), "exp.toml:5:10");
  EXPECT_EQ(without_folder(to_text(encoder.where)), "base.toml:6:10");
}

TEST_F(ExtendsTest, ReplacesListsOfTablesWhole) {
  write("base.toml", kSmallExperiment);
  const Experiment experiment =
      load("extends = \"base.toml\"\n[[views]]\nsize = 10\n[[views]]\nsize = 20\n").experiment;
  ASSERT_EQ(experiment.views.size(), 2u);
  EXPECT_EQ(experiment.views[0].count, 1);
  EXPECT_EQ(experiment.views[1].size, 20);
}

TEST_F(ExtendsTest, FollowsAChainAndNamesItsFiles) {
  write("shared/root.toml", kSmallExperiment);
  write("shared/middle.toml", "extends = \"root.toml\"\n[train]\nepochs = 7\nbatch_size = 7\n");
  const ResolvedExperiment resolved =
      load("extends = \"shared/middle.toml\"\n[train]\nepochs = 8\n");
  EXPECT_EQ(resolved.experiment.train.epochs, 8);
  EXPECT_EQ(resolved.experiment.train.batch_size, 7);
  ASSERT_EQ(resolved.files.size(), 3u);
  EXPECT_EQ(resolved.files[0].filename(), "exp.toml");
  EXPECT_EQ(resolved.files[2].filename(), "root.toml");
}

TEST_F(ExtendsTest, KeepsAPathRelativeToTheFileItStandsIn) {
  write("shared/root.toml", kSmallExperiment);
  const Experiment experiment = load("extends = \"shared/root.toml\"\n").experiment;
  EXPECT_EQ(experiment.data.path, folder_ / "shared" / "data");
  EXPECT_EQ(experiment.folder, folder_);
}

TEST_F(ExtendsTest, AFileThatNeverEndsIsRefused) {
  const auto text = errors("extends = \"/dev/zero\"\n");
  EXPECT_NE(text.find("experiment: must have at most 16777216 bytes, /dev/zero has more"),
            text.npos)
      << text;
}

TEST_F(ExtendsTest, DropsTheOptionsOfAPluginThatIsReplacedAndWarns) {
  write("base.toml", small_with("plugin = \"convnet\"", "plugin = \"convnet\"\nwidths = [1]"));
  const ResolvedExperiment resolved =
      load("extends = \"base.toml\"\n[encoder]\nplugin = \"resnet\"\n");
  EXPECT_EQ(resolved.experiment.roles[0].plugin.id, "org.kith.resnet");
  ASSERT_EQ(resolved.warnings.size(), 1u);
  EXPECT_EQ(without_folder(resolved.warnings[0]),
            "encoder: another plugin is named here, so the options of the one before are dropped: "
            "'widths' (base.toml:7:1) (exp.toml:3:10)");
}

TEST_F(ExtendsTest, KeepsTheOptionsOfAPluginThatIsNamedAgain) {
  write("base.toml", small_with("plugin = \"convnet\"", "plugin = \"convnet\"\nwidths = [1]"));
  const Experiment experiment =
      load("extends = \"base.toml\"\n[encoder]\nplugin = \"convnet\"\nnote = \"n\"\n").experiment;
  EXPECT_EQ(find_option(experiment.roles[0].plugin, "widths")->values.size(), 1u);
}

TEST_F(ExtendsTest, GivesOptionsToAPluginThatTheBaseNamesInShort) {
  write("base.toml", small_with("plugin = \"simclr\"", "plugin = \"simclr\"\nloss = \"info_nce\""));
  const Experiment experiment =
      load("extends = \"base.toml\"\n[method]\nloss = { temperature = 0.5 }\n").experiment;
  const OptionValue* loss = find_option(experiment.method, "loss");
  EXPECT_EQ(loss->plugin->id, "org.kith.info_nce");
  EXPECT_EQ(std::get<double>(loss->plugin->options[0].values.at(0)), 0.5);
}

}  // namespace
}  // namespace kith::host
