// SPDX-License-Identifier: Apache-2.0
#include "augment/augmented_views.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kith/error.hpp>
#include <vector>

#include "small_augmentations.h"

namespace kith::host {
namespace {

using kith::testing::Add;
using kith::testing::make_small;

/// Refuses to be made.
struct Unwilling : PixelAugmentation {
  explicit Unwilling(const Options&) { throw ConfigError("unwilling: no option is good enough"); }
  void apply(PixelRun) const {}
};

template <class P>
AugmentationPlugin plugin_of(const std::string& name) {
  kith::testing::small_host();
  static PluginMetadata metadata;
  metadata.name = name;
  metadata.facts = {{"stage", P::kStageName, "", ""}};
  return {&metadata, static_cast<const kith_augmentation_api*>(P::template table<P>())};
}

std::vector<float> make(const AugmentedViews& views, const SampleKey& key, int view) {
  Image image;
  image.resize({4, 4, 1});
  for (std::size_t i = 0; i < 16; ++i) image.pixels[i] = static_cast<std::uint8_t>(i);
  std::vector<float> slot(16);
  const auto state = views.make_thread_state();
  views.make_view(image, key, view, slot.data(), *state);
  return slot;
}

TEST(AugmentedViewsTest, KeysAViewBySeedEpochSampleAndView) {
  const auto pipeline = std::make_shared<const ViewPipeline>(
      std::vector<AugmentationUse>{{make_small<Add>("add"), 1}},
      ViewSpec{.height = 4, .width = 4, .channels = 1, .arithmetic = Arithmetic::kFloat});
  const AugmentedViews views({pipeline, pipeline});
  const SampleKey key{.seed = 1, .epoch = 2, .step = 3, .position = 4, .index = 5};
  const auto view = make(views, key, 0);
  EXPECT_NE(make(views, key, 1), view);
  EXPECT_NE(make(views, {.seed = 2, .epoch = 2, .step = 3, .position = 4, .index = 5}, 0), view);
  EXPECT_NE(make(views, {.seed = 1, .epoch = 3, .step = 3, .position = 4, .index = 5}, 0), view);
  EXPECT_NE(make(views, {.seed = 1, .epoch = 2, .step = 3, .position = 4, .index = 6}, 0), view);
  // Where the sample stands in its batch changes nothing.
  EXPECT_EQ(make(views, {.seed = 1, .epoch = 2, .step = 9, .position = 0, .index = 5}, 0), view);
}

TEST(AugmentedViewsTest, MakesTheGroupsOfAnExperimentInTheirOrder) {
  Experiment experiment;
  experiment.views = {{.count = 2, .size = 8, .arithmetic = Arithmetic::kPillow8, .augment = {}},
                      {.count = 3, .size = 4, .arithmetic = Arithmetic::kFloat, .augment = {}}};
  experiment.eval_view = {
      .size = 6, .resize = 7, .arithmetic = Arithmetic::kPillow8, .augment = {}};
  const LoadAugmentation none;
  const auto views =
      AugmentedViews::for_training(experiment, 1, *kith::testing::small_host(), none);
  ASSERT_EQ(views.views(), 5U);
  EXPECT_EQ(views.pipeline(1).spec().height, 8);
  EXPECT_EQ(views.pipeline(2).spec().height, 4);
  EXPECT_EQ(views.pipeline(4).spec().arithmetic, Arithmetic::kFloat);
  const auto evaluated =
      AugmentedViews::for_evaluation(experiment, 1, *kith::testing::small_host(), none);
  EXPECT_EQ(evaluated.views(), 1U);
  EXPECT_EQ(evaluated.pipeline(0).spec().resize, 7);
}

TEST(AugmentedViewsTest, SaysWhereARefusedAugmentationWasWritten) {
  Experiment experiment;
  experiment.views = {{.count = 1, .size = 8, .arithmetic = Arithmetic::kPillow8, .augment = {}}};
  experiment.views[0].augment.emplace_back();
  experiment.views[0].augment[0].where = {.file = "experiment.toml", .line = 14, .column = 15};
  const auto load = [](const PluginUse&) { return plugin_of<Unwilling>("unwilling"); };
  try {
    AugmentedViews::for_training(experiment, 1, *kith::testing::small_host(), load);
    FAIL() << "not refused";
  } catch (const ConfigError& e) {
    EXPECT_STREQ(e.what(), "unwilling: no option is good enough (experiment.toml:14:15)");
  }
}

}  // namespace
}  // namespace kith::host
