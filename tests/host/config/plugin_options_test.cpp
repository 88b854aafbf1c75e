// SPDX-License-Identifier: Apache-2.0
#include "experiment_fixture.h"

namespace kith::host {
namespace {

class PluginOptionsTest : public ExperimentFixture {
 protected:
  std::string error_text(const std::string& text) const {
    const std::string message = errors(text);
    EXPECT_TRUE(message.ends_with("\n1 error in exp.toml")) << message;
    return message.substr(0, message.rfind('\n'));
  }
  /// The one error that these lines give in place of the encoder's plugin (line 6).
  std::string encoder_error(const std::string& lines) const {
    return error_text(small_with("plugin = \"convnet\"", lines));
  }
  /// The same for the method (line 8).
  std::string method_error(const std::string& lines) const {
    return error_text(small_with("plugin = \"simclr\"", lines));
  }
  std::string augment_error(const std::string& list) const {
    return error_text(small_with("size = 28", "size = 28\naugment = " + list));
  }
};

TEST_F(PluginOptionsTest, SuggestsTheNearestNameForAnUnknownPlugin) {
  EXPECT_EQ(method_error("plugin = \"simclr\"\nloss = { plugin = \"infonce\" }"),
            "method.loss: no loss 'infonce'; did you mean 'info_nce'? (exp.toml:9:19)");
  EXPECT_EQ(encoder_error("plugin = \"transformer\""),
            "encoder: no encoder 'transformer'; there are: 'convnet', 'resnet' (exp.toml:6:10)");
}

TEST_F(PluginOptionsTest, SaysThatAPluginIsOfAnotherKind) {
  EXPECT_EQ(encoder_error("plugin = { file = \"./flip.so\" }"),
            "encoder: must be a plugin of the kind encoder, got 'org.kith.flip' of the kind "
            "augmentation (exp.toml:6:10)");
}

TEST_F(PluginOptionsTest, PassesOnWhyAFileIsRefused) {
  EXPECT_EQ(encoder_error("plugin = \"broken\""),
            "encoder: KITH-206: broken.so is a text file (exp.toml:6:10)\n  do     : rebuild it");
}

TEST_F(PluginOptionsTest, SaysHowAFileIsWritten) {
  EXPECT_EQ(
      encoder_error("plugin = \"./my.so\""),
      "encoder.plugin: must be the name of a plugin, got \"./my.so\"; a file is written plugin = "
      "{ file = \"./my.so\" } (exp.toml:6:10)");
  EXPECT_EQ(encoder_error("plugin = { file = \"\" }"),
            "encoder.plugin.file: must be the path of a plugin's .so, got empty text "
            "(exp.toml:6:19)");
  EXPECT_EQ(encoder_error("plugin = {}"),
            "encoder.plugin: the key 'file' is missing; it must be the path of a plugin's .so "
            "(exp.toml:6:10)");
}

TEST_F(PluginOptionsTest, AsksForTheNameOfAPlugin) {
  EXPECT_EQ(encoder_error("widths = [1]"),
            "encoder: the key 'plugin' is missing; it must be the name of a plugin of the kind "
            "encoder; there are: 'convnet', 'resnet' (exp.toml:5:1)");
  EXPECT_EQ(
      augment_error("[3]"),
      "views.0.augment.0: must be a table { plugin = \"name\", ... } or the name of a plugin, got "
      "the integer 3 (exp.toml:12:12)");
}

TEST_F(PluginOptionsTest, ChecksTypes) {
  EXPECT_EQ(method_error("plugin = \"simclr\"\nnorm = 1"),
            "method.norm: must be true or false, got the integer 1 (exp.toml:9:8)");
  EXPECT_EQ(
      encoder_error("plugin = \"resnet\"\ndepth = 18.0"),
      "encoder.depth: must be an integer in [18, 152], got the real number 18.0 (exp.toml:7:9)");
  EXPECT_EQ(method_error("plugin = \"simclr\"\nloss = { temperature = \"hot\" }"),
            "method.loss.temperature: must be a number in [1e-04, 10000], got the text \"hot\" "
            "(exp.toml:9:24)");
  EXPECT_EQ(encoder_error("plugin = \"convnet\"\nnote = 3"),
            "encoder.note: must be text, got the integer 3 (exp.toml:7:8)");
  EXPECT_EQ(encoder_error("plugin = \"convnet\"\nweights = 3"),
            "encoder.weights: must be text, a path, got the integer 3 (exp.toml:7:11)");
  EXPECT_EQ(encoder_error("plugin = \"convnet\"\nwidths = 3"),
            "encoder.widths: must be a list of integers (1 to 4 values), got the integer 3 "
            "(exp.toml:7:10)");
  EXPECT_EQ(
      method_error("plugin = \"simclr\"\nloss = 3"),
      "method.loss: must be a table { plugin = \"name\", ... } or the name of a plugin, got the "
      "integer 3 (exp.toml:9:8)");
}

TEST_F(PluginOptionsTest, ChecksRangesAndNamesTheUnit) {
  EXPECT_EQ(method_error("plugin = \"simclr\"\nloss = { temperature = -0.1 }"),
            "method.loss.temperature: must be in [1e-04, 10000], got -0.1 (exp.toml:9:24)");
  EXPECT_EQ(augment_error("[{ plugin = \"normalise\", mean = 256 }]"),
            "views.0.augment.0.mean: must be in [0, 255] levels, got 256 (exp.toml:12:43)");
  EXPECT_EQ(augment_error("[{ plugin = \"flip\", probability = 1.5 }]"),
            "views.0.augment.0.probability: must be in [0, 1], got 1.5 (exp.toml:12:45)");
  EXPECT_EQ(augment_error("[{ plugin = \"normalise\", mean = nan }]"),
            "views.0.augment.0.mean: must be a finite number in [0, 255] levels, got nan "
            "(exp.toml:12:43)");
}

TEST_F(PluginOptionsTest, ChecksChoices) {
  EXPECT_EQ(method_error("plugin = \"simclr\"\nloss = { scale = \"papr\" }"),
            "method.loss.scale: must be one of \"paper\", \"code\", got \"papr\"; did you mean "
            "\"paper\"? (exp.toml:9:18)");
}

TEST_F(PluginOptionsTest, ChecksTheLengthOfLists) {
  EXPECT_EQ(encoder_error("plugin = \"convnet\"\nwidths = []"),
            "encoder.widths: must have 1 to 4 values, got 0 (exp.toml:7:10)");
  EXPECT_EQ(augment_error("[{ plugin = \"random_resized_crop\", area = [1] }]"),
            "views.0.augment.0.area: must have 2 values, got 1 (exp.toml:12:53)");
}

TEST_F(PluginOptionsTest, ChecksSchedules) {
  const auto momentum = [&](const std::string& value) {
    return method_error("plugin = \"moco\"\nema_momentum = " + value);
  };
  EXPECT_EQ(
      momentum("\"cosine\""),
      "method.ema_momentum: must be a number in [0, 1] or a table { kind = \"cosine\", start = "
      "..., end = ... }, got the text \"cosine\" (exp.toml:9:16)");
  EXPECT_EQ(momentum("1.5"), "method.ema_momentum: must be in [0, 1], got 1.5 (exp.toml:9:16)");
  EXPECT_EQ(momentum("{ kind = \"cosine\", start = 0.9 }"),
            "method.ema_momentum: the key 'end' is missing; it must be a number in [0, 1] "
            "(exp.toml:9:16)");
  EXPECT_EQ(momentum("{ kind = \"cosin\", start = 0.9, end = 1 }"),
            "method.ema_momentum.kind: must be one of \"constant\", \"cosine\", \"linear\", got "
            "\"cosin\"; did you mean \"cosine\"? (exp.toml:9:25)");
  EXPECT_EQ(
      momentum("{ kind = \"constant\", start = 0.9, end = 1 }"),
      "method.ema_momentum: the end of a constant schedule must equal its start, got 1; a moving "
      "one is \"cosine\" or \"linear\" (exp.toml:9:56)");
}

TEST_F(PluginOptionsTest, SuggestsTheNearestNameForAnUnknownOption) {
  EXPECT_EQ(augment_error("[{ plugin = \"flip\", probabilty = 0.5 }]"),
            "views.0.augment.0: unknown key 'probabilty'; did you mean 'probability'? "
            "(exp.toml:12:31)");
  EXPECT_EQ(encoder_error("plugin = \"resnet\"\nprobability = 0.5"),
            "encoder: unknown key 'probability'; there are: 'depth', 'plugin' (exp.toml:7:1)");
}

TEST_F(PluginOptionsTest, RefusesAnOptionThatHasTheNameOfAHostsKey) {
  catalog_.add("augmentation", "clash", {real_option("probability", 1, 0, 1)});
  EXPECT_EQ(
      augment_error("[\"clash\"]"),
      "views.0.augment.0: the plugin 'org.kith.clash' declares the option 'probability', which is "
      "a key of the host's here; rename it in the plugin (exp.toml:12:12)");
}

TEST_F(PluginOptionsTest, ReadsAPluginWithinAPlugin) {
  catalog_.add("loss", "sum", {plugin_option("inner", "loss", "")});
  const Experiment experiment =
      load(small_with(
               "plugin = \"simclr\"",
               "plugin = \"simclr\"\nloss = { plugin = \"sum\", inner = { plugin = \"info_nce\", "
               "temperature = 2 } }"))
          .experiment;
  const PluginUse& sum = *find_option(experiment.method, "loss")->plugin;
  EXPECT_EQ(std::get<double>(find_option(sum, "inner")->plugin->options[0].values.at(0)), 2.0);
}

TEST_F(PluginOptionsTest, LeavesAnOptionalPluginOut) {
  catalog_.add("loss", "sum", {plugin_option("inner", "loss", "")});
  for (const char* loss : {"{ plugin = \"sum\" }", "{ plugin = \"sum\", inner = \"\" }"}) {
    const Experiment experiment =
        load(small_with("plugin = \"simclr\"", std::string("plugin = \"simclr\"\nloss = ") + loss))
            .experiment;
    EXPECT_EQ(find_option(*find_option(experiment.method, "loss")->plugin, "inner")->plugin,
              nullptr);
  }
}

TEST_F(PluginOptionsTest, RefusesAPluginThatNamesItself) {
  catalog_.add("loss", "mirror", {plugin_option("inner", "loss", "mirror")});
  EXPECT_EQ(method_error("plugin = \"simclr\"\nloss = \"mirror\""),
            "method.loss.inner.inner: plugins within plugins may be 2 deep, and this is one more "
            "(exp.toml:9:8)");
}

TEST_F(PluginOptionsTest, SaysWhoseDefaultPluginIsNotThere) {
  catalog_.add("method", "byol", {plugin_option("loss", "loss", "regression")});
  EXPECT_EQ(method_error("plugin = \"byol\""),
            "method.loss: no loss 'regression'; there are: 'nt_xent', 'info_nce' (exp.toml:8:10)");
}

TEST_F(PluginOptionsTest, ReadsListsOfTextsAndSchedules) {
  catalog_.add("method", "lists",
               {list_option(text_option("names", OptionType::kString, ""), {}, 0, 3),
                list_option(schedule_option("rates", 0, 0, 1), {}, 0, 3),
                list_option(boolean_option("flags", false), {}, 0, 0)});
  const Experiment experiment =
      load(small_with("plugin = \"simclr\"",
                      "plugin = \"lists\"\nnames = [\"a\", \"b\"]\nflags = [true]\n"
                      "rates = [0.5, { kind = \"linear\", start = 0, end = 1 }]"))
          .experiment;
  EXPECT_EQ(std::get<std::string>(find_option(experiment.method, "names")->values.at(1)), "b");
  EXPECT_EQ(std::get<Schedule>(find_option(experiment.method, "rates")->values.at(1)).kind,
            "linear");
  EXPECT_EQ(std::get<bool>(find_option(experiment.method, "flags")->values.at(0)), true);
}

}  // namespace
}  // namespace kith::host
