// SPDX-License-Identifier: Apache-2.0
// Words of a choice option that stand for values of others.
#include <gmock/gmock.h>

#include "experiment_fixture.h"

namespace kith::host {
namespace {

using ::testing::HasSubstr;

class OptionPresetsTest : public ExperimentFixture {
 protected:
  OptionPresetsTest() {
    OptionSpec mean = list_option(real_option("mean", 0, -10, 10), {0.5}, 1, 4);
    mean.presets = {{"statistics", "known", {0.1, 0.2, 0.3}, ""},
                    {"statistics", "measure", {}, "channel_mean"}};
    OptionSpec std = list_option(real_option("std", 0, 1e-6, 10), {0.25}, 1, 4);
    std.presets = {{"statistics", "known", {0.4, 0.5, 0.6}, ""},
                   {"statistics", "measure", {}, "channel_std"}};
    catalog_
        .add("augmentation", "whiten",
             {choice_option("statistics", {"given", "known", "measure"}), mean, std})
        .facts = {{"deterministic", "", "", ""}};
  }
  static std::string with(const std::string& options) {
    return small_with("size = 28\n",
                      "size = 28\naugment = [{ plugin = \"whiten\"" + options + " }]\n");
  }
  PluginUse whiten(const std::string& options) const {
    return load(with(options)).experiment.views.at(0).augment.at(0);
  }
  static std::vector<double> numbers(const PluginUse& use, const char* name) {
    std::vector<double> all;
    for (const OptionScalar& value : find_option(use, name)->values)
      all.push_back(std::get<double>(value));
    return all;
  }
};

TEST_F(OptionPresetsTest, FirstWordLeavesWhatIsWritten) {
  const PluginUse use = whiten(", statistics = \"given\", mean = [0.7]");
  EXPECT_EQ(numbers(use, "mean"), std::vector<double>{0.7});
  EXPECT_EQ(numbers(use, "std"), std::vector<double>{0.25});
}

TEST_F(OptionPresetsTest, WordBecomesTheValuesThatItStandsFor) {
  const PluginUse use = whiten(", statistics = \"known\"");
  EXPECT_EQ(numbers(use, "mean"), (std::vector<double>{0.1, 0.2, 0.3}));
  EXPECT_EQ(numbers(use, "std"), (std::vector<double>{0.4, 0.5, 0.6}));
  EXPECT_EQ(std::get<std::string>(find_option(use, "statistics")->values.at(0)), "given");
  EXPECT_TRUE(find_option(use, "mean")->measured.empty());
}

TEST_F(OptionPresetsTest, WrittenExperimentHasTheValues) {
  const ResolvedExperiment first = load(with(", statistics = \"known\""));
  const std::string written = to_resolved_toml(first);
  EXPECT_THAT(written, HasSubstr("statistics = \"given\", mean = [0.1, 0.2, 0.3], std = [0.4, "));
  write("resolved.toml", written);
  EXPECT_TRUE(same_settings(first.experiment, load_file("resolved.toml").experiment));
}

TEST_F(OptionPresetsTest, MeasureIsLeftToTheHostInTheEvaluationViewToo) {
  const Experiment experiment = load(with(", statistics = \"measure\"")).experiment;
  for (const PluginUse& use :
       {experiment.views.at(0).augment.at(0), experiment.eval_view.augment.at(0)}) {
    EXPECT_EQ(find_option(use, "mean")->measured, "channel_mean");
    EXPECT_EQ(find_option(use, "std")->measured, "channel_std");
  }
}

TEST_F(OptionPresetsTest, RefusesAValueBesideTheWordThatSetsIt) {
  EXPECT_EQ(errors(with(", statistics = \"measure\", std = [1]")),
            "views.0.augment.0.std: is set by statistics = \"measure\"; leave one of the two out "
            "(exp.toml:12:63)\n1 error in exp.toml");
}

TEST_F(OptionPresetsTest, SuggestsTheNearestWord) {
  EXPECT_THAT(errors(with(", statistics = \"mesure\"")), HasSubstr("did you mean \"measure\"?"));
}

}  // namespace
}  // namespace kith::host
