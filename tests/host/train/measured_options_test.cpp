// SPDX-License-Identifier: Apache-2.0
#include "train/measured_options.h"

#include <gmock/gmock.h>

#include <kith/error.hpp>

#include "host/model/tiny_experiment.h"

namespace kith::host::test {
namespace {

using testing::EndsWith;
using testing::StartsWith;

OptionValue to_measure(const std::string& what) {
  OptionValue option;
  option.name = "levels";
  option.type = OptionType::kReal;
  option.is_list = true;
  option.values = {0.5};
  option.measured = what;
  option.measured_min = 1e-6;
  option.measured_max = 10;
  return option;
}

PluginUse asking_for(const std::string& what) {
  PluginUse use;
  use.id = "org.test.asks";
  use.options = {to_measure(what)};
  return use;
}

double value_of(const OptionValue& option) {
  EXPECT_EQ(option.measured, "");
  EXPECT_EQ(option.values.size(), 1u);  // the images are grey
  return std::get<double>(option.values.at(0));
}

TEST(MeasuredOptionsTest, AreFilledInWhereverAPluginIsNamed) {
  const TinyExperiment tiny;
  Assembly assembly = tiny.assemble();
  Experiment& experiment = assembly.resolved.experiment;
  experiment.views.at(0).augment.push_back(asking_for("channel_mean"));
  experiment.eval_view.augment.push_back(asking_for("channel_std"));
  experiment.roles.at(0).plugin.options.push_back(to_measure("channel_mean"));
  OptionValue inner;
  inner.type = OptionType::kPlugin;
  inner.plugin = std::make_shared<const PluginUse>(asking_for("channel_mean"));
  experiment.method.options.push_back(inner);
  const auto text = measure_options(experiment, *assembly.dataset);
  EXPECT_THAT(text, StartsWith("data: measured on the " +
                               std::to_string(assembly.dataset->size(Split::kTrain)) +
                               " images of train: mean [0."));
  const double mean = value_of(experiment.views.at(0).augment.back().options.at(0));
  EXPECT_GT(mean, 0.3);  // levels run through all of 0 to 255
  EXPECT_LT(mean, 0.7);
  EXPECT_NE(value_of(experiment.eval_view.augment.back().options.at(0)), mean);
  EXPECT_EQ(value_of(experiment.roles.at(0).plugin.options.back()), mean);
  EXPECT_EQ(value_of(experiment.method.options.back().plugin->options.at(0)), mean);
}

TEST(MeasuredOptionsTest, CostNothingWhereNothingIsMeasured) {
  const TinyExperiment tiny;
  Assembly assembly = tiny.assemble();
  EXPECT_EQ(measure_options(assembly.resolved.experiment, *assembly.dataset), "");
}

TEST(MeasuredOptionsTest, RefuseAMeasureOutsideTheOptionsRange) {
  const TinyExperiment tiny;
  Assembly assembly = tiny.assemble();
  auto& augment = assembly.resolved.experiment.views.at(0).augment;
  augment.push_back(asking_for("channel_std"));
  augment.back().options.front().measured_min = 0.75;
  try {
    measure_options(assembly.resolved.experiment, *assembly.dataset);
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_THAT(e.what(),
                StartsWith("org.test.asks: levels must be in [0.75, 10], and channel 0 of "
                           "train's images has 0."));
    EXPECT_THAT(e.what(), EndsWith("; write mean and std out instead of measuring them"));
  }
}

TEST(MeasuredOptionsTest, RefuseAMeasureThatThisHostDoesNotKnow) {
  const TinyExperiment tiny;
  Assembly assembly = tiny.assemble();
  assembly.resolved.experiment.views.at(0).augment.push_back(asking_for("channel_median"));
  try {
    measure_options(assembly.resolved.experiment, *assembly.dataset);
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_STREQ(e.what(),
                 "org.test.asks: wants 'channel_median' of train for its option 'levels', and "
                 "this host measures channel_mean and channel_std");
  }
}

}  // namespace
}  // namespace kith::host::test
