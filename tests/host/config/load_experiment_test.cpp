// SPDX-License-Identifier: Apache-2.0
#include "config/load_experiment.h"

#include <fstream>

#include "experiment_fixture.h"

namespace kith::host {
namespace {

class LoadExperimentTest : public ExperimentFixture {};

// The example of the design, whole.
constexpr const char* kReadmeExperiment = R"(
name = "simclr_fashion_mnist"
seed = 1

[data]
reader = "idx"
path = "/usr/share/datasets/fashion-mnist"

[encoder]
plugin = "convnet"

[method]
plugin = "simclr"
loss = { plugin = "nt_xent", temperature = 0.07 }

[[views]]      # order matters to BYOL, MoCo v3, DINO
count = 2
size = 28      # px
augment = [
  { plugin = "random_resized_crop", area = [0.3, 1.0] },
  { plugin = "flip", probability = 0.5 },
]

[train]
epochs = 6
batch_size = 256

[optimizer]
kind = "adamw"
base_lr = 4e-3
no_decay = ["norm", "bias"]

[[evaluation]]
plugin = "knn"
every_epochs = 2
)";

TEST_F(LoadExperimentTest, ReadsTheExampleOfTheDesign) {
  const Experiment experiment = load(kReadmeExperiment).experiment;
  EXPECT_EQ(experiment.name, "simclr_fashion_mnist");
  EXPECT_EQ(experiment.seed, 1u);
  EXPECT_EQ(experiment.data.reader, DataReader::kIdx);
  EXPECT_EQ(experiment.data.path, "/usr/share/datasets/fashion-mnist");
  ASSERT_EQ(experiment.roles.size(), 1u);
  EXPECT_EQ(experiment.roles[0].name, "encoder");
  EXPECT_EQ(experiment.roles[0].plugin.id, "org.kith.convnet");
  EXPECT_EQ(experiment.method.id, "org.kith.simclr");
  const OptionValue* loss = find_option(experiment.method, "loss");
  ASSERT_NE(loss, nullptr);
  ASSERT_NE(loss->plugin, nullptr);
  EXPECT_EQ(loss->plugin->reference, "nt_xent");
  EXPECT_EQ(std::get<double>(find_option(*loss->plugin, "temperature")->values.at(0)), 0.07);
  ASSERT_EQ(experiment.views.size(), 1u);
  EXPECT_EQ(experiment.views[0].count, 2);
  EXPECT_EQ(experiment.views[0].size, 28);
  ASSERT_EQ(experiment.views[0].augment.size(), 2u);
  EXPECT_EQ(experiment.views[0].augment[0].probability, 1.0);
  EXPECT_EQ(std::get<double>(experiment.views[0].augment[0].options[0].values.at(0)), 0.3);
  EXPECT_EQ(experiment.views[0].augment[1].probability, 0.5);
  EXPECT_EQ(experiment.train.epochs, 6);
  EXPECT_EQ(experiment.train.batch_size, 256);
  EXPECT_EQ(experiment.optimizer.kind, OptimizerKind::kAdamW);
  EXPECT_EQ(experiment.optimizer.base_lr, 4e-3);
  EXPECT_EQ(experiment.optimizer.no_decay, (std::vector<std::string>{"bias", "norm"}));
  ASSERT_EQ(experiment.evaluations.size(), 1u);
  EXPECT_EQ(experiment.evaluations[0].plugin.id, "org.kith.knn");
  EXPECT_EQ(experiment.evaluations[0].every_epochs, 2);
  EXPECT_EQ(experiment.folder, folder_);
}

TEST_F(LoadExperimentTest, FillsInEveryDefault) {
  const ResolvedExperiment resolved = load(kSmallExperiment);
  const Experiment& experiment = resolved.experiment;
  EXPECT_TRUE(resolved.warnings.empty());
  EXPECT_EQ(experiment.seed, 0u);
  EXPECT_EQ(experiment.data.val_fraction, 0.1);
  EXPECT_TRUE(experiment.data.sha256.empty());
  EXPECT_EQ(experiment.views[0].arithmetic, Arithmetic::kPillow8);
  EXPECT_EQ(experiment.eval_view.size, 28);
  EXPECT_EQ(experiment.eval_view.resize, 28);
  EXPECT_EQ(experiment.train.precision, Precision::kFloat32);
  EXPECT_EQ(experiment.train.log_every, 50);
  EXPECT_EQ(experiment.train.checkpoint_every_epochs, 1);
  EXPECT_EQ(experiment.train.keep_checkpoints, 2);
  EXPECT_FALSE(experiment.guards.fatal);
  EXPECT_EQ(experiment.guards.every_steps, 50);
  EXPECT_FALSE(experiment.online_probe);
  EXPECT_EQ(experiment.optimizer.beta2, 0.999);
  EXPECT_EQ(experiment.schedule.kind, ScheduleKind::kCosine);
  EXPECT_EQ(experiment.schedule.warmup_epochs, 0);
  EXPECT_TRUE(experiment.evaluations.empty());
}

TEST_F(LoadExperimentTest, GivesEveryOptionAValueAndSaysWhereItWasWritten) {
  const Experiment experiment = load(kSmallExperiment).experiment;
  const PluginUse& encoder = experiment.roles[0].plugin;
  EXPECT_EQ(without_folder(to_text(encoder.where)), "exp.toml:6:10");
  ASSERT_EQ(encoder.options.size(), 3u);
  EXPECT_EQ(encoder.options[0].name, "widths");
  EXPECT_TRUE(encoder.options[0].is_list);
  EXPECT_EQ(std::get<std::int64_t>(encoder.options[0].values.at(1)), 32);
  EXPECT_EQ(to_text(encoder.options[0].where), "default");
  const OptionValue* loss = find_option(experiment.method, "loss");
  ASSERT_NE(loss->plugin, nullptr);
  EXPECT_EQ(loss->plugin->id, "org.kith.nt_xent");
  EXPECT_EQ(std::get<std::string>(find_option(*loss->plugin, "scale")->values.at(0)), "paper");
}

TEST_F(LoadExperimentTest, TakesTextForATableThatHoldsAPluginOnly) {
  const Experiment experiment =
      load(small_with("plugin = \"simclr\"", "plugin = \"simclr\"\nloss = \"info_nce\"") +
           "[eval_view]\naugment = [\"normalise\"]\n")
          .experiment;
  EXPECT_EQ(find_option(experiment.method, "loss")->plugin->id, "org.kith.info_nce");
  EXPECT_EQ(experiment.eval_view.augment.at(0).id, "org.kith.normalise");
}

TEST_F(LoadExperimentTest, ReadsOneEncoderForEachRoleInTheOrderOfTheFile) {
  const Experiment experiment =
      load(small_with(
               "[encoder]\nplugin = \"convnet\"\n",
               "[encoder.text]\nplugin = \"resnet\"\n[encoder.image]\nplugin = \"convnet\"\n") +
           "[[evaluation]]\nplugin = \"knn\"\n[[evaluation]]\nplugin = \"knn\"\nrole = \"image\"\n")
          .experiment;
  ASSERT_EQ(experiment.roles.size(), 2u);
  EXPECT_EQ(experiment.roles[0].name, "text");
  EXPECT_EQ(experiment.roles[0].plugin.id, "org.kith.resnet");
  EXPECT_EQ(experiment.roles[1].name, "image");
  EXPECT_EQ(experiment.evaluations[0].role, "text");
  EXPECT_EQ(experiment.evaluations[1].role, "image");
}

TEST_F(LoadExperimentTest, EvaluatesWithTheFirstViewsDeterministicAugmentations) {
  const Experiment experiment =
      load(small_with("size = 28",
                      "size = 28\narithmetic = \"float\"\naugment = [{ plugin = \"flip\" }, "
                      "{ plugin = \"normalise\", mean = 3 }]"))
          .experiment;
  ASSERT_EQ(experiment.eval_view.augment.size(), 1u);
  EXPECT_EQ(experiment.eval_view.augment[0].id, "org.kith.normalise");
  EXPECT_EQ(std::get<double>(experiment.eval_view.augment[0].options[0].values.at(0)), 3.0);
  EXPECT_EQ(experiment.eval_view.arithmetic, Arithmetic::kFloat);
}

TEST_F(LoadExperimentTest, TakesPathsRelativeToTheFile) {
  const Experiment experiment =
      load(small_with("plugin = \"convnet\"", "plugin = \"convnet\"\nweights = \"../w.st\""))
          .experiment;
  EXPECT_EQ(experiment.data.path, folder_ / "data");
  const OptionValue* weights = find_option(experiment.roles[0].plugin, "weights");
  EXPECT_EQ(std::get<std::string>(weights->values.at(0)), folder_.parent_path() / "w.st");
}

TEST_F(LoadExperimentTest, NamesAPluginByItsFile) {
  const Experiment experiment =
      load(small_with("plugin = \"convnet\"", "plugin = { file = \"./resnet.so\" }\ndepth = 50"))
          .experiment;
  const PluginUse& encoder = experiment.roles[0].plugin;
  EXPECT_TRUE(encoder.is_file);
  EXPECT_EQ(encoder.reference, folder_ / "resnet.so");
  EXPECT_EQ(encoder.id, "org.kith.resnet");
  EXPECT_EQ(std::get<std::int64_t>(encoder.options[0].values.at(0)), 50);
}

TEST_F(LoadExperimentTest, TakesAnIntegerForARealNumber) {
  EXPECT_EQ(load(small_with("4e-3", "1")).experiment.optimizer.base_lr, 1.0);
}

TEST_F(LoadExperimentTest, ReadsSchedulesAsNumberOrTable) {
  const auto momentum = [&](const std::string& text) {
    const Experiment experiment =
        load(small_with("plugin = \"simclr\"", "plugin = \"moco\"\nema_momentum = " + text))
            .experiment;
    return std::get<Schedule>(find_option(experiment.method, "ema_momentum")->values.at(0));
  };
  EXPECT_EQ(momentum("1").kind, "constant");
  EXPECT_EQ(momentum("0.5").end, 0.5);
  const Schedule cosine = momentum("{ kind = \"cosine\", start = 0.99, end = 1 }");
  EXPECT_EQ(cosine.kind, "cosine");
  EXPECT_EQ(cosine.start, 0.99);
  EXPECT_EQ(cosine.end, 1.0);
}

TEST_F(LoadExperimentTest, ReadsTheHashesOfFiles) {
  const std::string hash(64, 'A');
  const Experiment experiment =
      load(small_with("path = \"data\"",
                      "path = \"data\"\nsha256 = { \"a.gz\" = \"" + hash + "\" }"))
          .experiment;
  EXPECT_EQ(experiment.data.sha256.at("a.gz"), std::string(64, 'a'));
}

TEST_F(LoadExperimentTest, WarnsOfSettingsWithoutEffectAndGivesThemTheirDefaults) {
  const ResolvedExperiment resolved = load(
      std::string(kSmallExperiment) + "trust = 0.5\n[schedule]\nkind = \"linear\"\nfactor = 0.5\n");
  ASSERT_EQ(resolved.warnings.size(), 2u);
  EXPECT_EQ(without_folder(resolved.warnings[0]),
            "optimizer.trust: has no effect with kind = \"adamw\" (exp.toml:18:9)");
  EXPECT_EQ(without_folder(resolved.warnings[1]),
            "schedule.factor: has no effect with kind = \"linear\" (exp.toml:21:10)");
  EXPECT_EQ(resolved.experiment.optimizer.trust, 0.001);
  EXPECT_EQ(resolved.experiment.schedule.factor, 0.1);
}

TEST_F(LoadExperimentTest, ReadsHowOftenTheRateChangesAndWarnsWhereItHasNoEffect) {
  const std::string small(kSmallExperiment);
  EXPECT_EQ(load(small + "[schedule]\nevery = \"epoch_end\"\n").experiment.schedule.every,
            RateChange::kEachEpochEnd);
  const auto constant = load(small + "[schedule]\nkind = \"constant\"\nevery = \"epoch\"\n");
  ASSERT_EQ(constant.warnings.size(), 1U);
  EXPECT_NE(constant.warnings[0].find("schedule.every: has no effect with kind = \"constant\""),
            std::string::npos)
      << constant.warnings[0];
  EXPECT_EQ(constant.experiment.schedule.every, RateChange::kEachStep);
}

TEST_F(LoadExperimentTest, ViewsOfAnEvaluationAreMadeAsTheFirstOnesUnlessItHasItsOwnList) {
  const auto text =
      small_with("size = 28\n", "size = 28\naugment = [\"flip\"]\n") +
      "[[evaluation]]\nplugin = \"view_retrieval\"\n"
      "[[evaluation]]\nplugin = \"view_retrieval\"\n"
      "augment = [\"random_resized_crop\", { plugin = \"flip\", probability = 0.5 }]\n"
      "[[evaluation]]\nplugin = \"knn\"\n";
  const auto evaluations = load(text).experiment.evaluations;
  ASSERT_EQ(evaluations.size(), 3U);
  ASSERT_EQ(evaluations[0].augment->size(), 1U);
  EXPECT_EQ((*evaluations[0].augment)[0].id, "org.kith.flip");
  ASSERT_EQ(evaluations[1].augment->size(), 2U);
  EXPECT_EQ((*evaluations[1].augment)[1].probability, 0.5);
  EXPECT_FALSE(evaluations[2].augment.has_value());
}

}  // namespace
}  // namespace kith::host
