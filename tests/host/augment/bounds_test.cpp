// SPDX-License-Identifier: Apache-2.0
#include "augment/bounds.h"

#include <gtest/gtest.h>

#include <kith/error.hpp>

#include "small_augmentations.h"

namespace kith::host {
namespace {

using kith::testing::Add;
using kith::testing::make_small;
using kith::testing::Mirror;
using kith::testing::RowMaximum;

/// Writes one number beyond its last plane.
struct BeyondView : FilterAugmentation {
  explicit BeyondView(const Options&) {}
  void apply(ViewPixels view) const { view.plane(view.channels() - 1).data()[view.size()] = 0; }
};

/// Writes one number beyond its scratch space.
struct BeyondScratch : FilterAugmentation {
  explicit BeyondScratch(const Options&) {}
  std::size_t scratch_size(std::size_t, std::size_t, std::size_t) const { return 3; }
  void apply(ViewPixels view) const { view.scratch()[3] = 0; }
};

std::string error_of(std::vector<AugmentationUse> list, bool channels_last = false) {
  try {
    require_within_bounds(ViewPipeline(
        std::move(list), {.height = 5, .width = 7, .channels = 3, .channels_last = channels_last}));
    return "";
  } catch (const PluginError& e) {
    return e.what();
  }
}

TEST(BoundsTest, LetsThroughWhatKeepsToItsView) {
  EXPECT_EQ(error_of({}), "");
  EXPECT_EQ(error_of({{.augmentation = make_small<Mirror>("mirror")},
                      {.augmentation = make_small<Add>("add"), .probability = 0.5},
                      {.augmentation = make_small<RowMaximum>("row_maximum")}}),
            "");
}

TEST(BoundsTest, NamesTheAugmentationThatWritesBeyondTheViewAndWhereItIsWritten) {
  for (const bool channels_last : {false, true})
    EXPECT_EQ(error_of({{.augmentation = make_small<Add>("add")},
                        {.augmentation = make_small<BeyondView>("beyond"),
                         .probability = 0.001,
                         .where = "experiment.toml:9:5"}},
                       channels_last),
              "augmentation 'beyond' must keep to its view of [3, 5, 7], wrote 4 bytes beyond the "
              "end (experiment.toml:9:5)");
}

TEST(BoundsTest, NamesTheAugmentationThatWritesBeyondItsScratchSpace) {
  EXPECT_EQ(error_of({{.augmentation = make_small<BeyondScratch>("greedy")}}),
            "augmentation 'greedy' must keep to its scratch space of 3 numbers, wrote 4 bytes "
            "beyond the end");
}

TEST(BoundsTest, LeavesOutWhatNeverHappens) {
  EXPECT_EQ(error_of({{.augmentation = make_small<BeyondView>("beyond"), .probability = 0}}), "");
}

}  // namespace
}  // namespace kith::host
