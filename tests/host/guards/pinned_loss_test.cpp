// SPDX-License-Identifier: Apache-2.0
#include "guards/pinned_loss.h"

#include <gmock/gmock.h>

#include <cmath>

namespace kith::host::test {
namespace {

const double kChance = std::log(511.0);

TEST(PinnedLossTest, TellsOnceWithValueStepsAndWhatToTry) {
  PinnedLoss watch(100);
  for (std::int64_t step = 10; step < 110; step += 10)
    EXPECT_FALSE(watch.see(step, kChance * 1.004, kChance)) << step;
  const auto text = watch.see(110, kChance * 0.9999, kChance);
  ASSERT_TRUE(text);
  EXPECT_THAT(*text,
              testing::StartsWith("pinned at 6.2357 from step 10 to step 110, where chance is "
                                  "6.2364 (all candidates look alike): nothing is learnt; try a "
                                  "lower temperature, another optimizer.base_lr"));
  EXPECT_FALSE(watch.see(500, kChance, kChance)) << "told once";
}

TEST(PinnedLossTest, AValueAwayFromChanceBeginsAnew) {
  PinnedLoss watch(100);
  EXPECT_FALSE(watch.see(0, kChance, kChance));
  EXPECT_FALSE(watch.see(90, 0.98 * kChance, kChance));
  EXPECT_FALSE(watch.see(100, kChance, kChance));
  EXPECT_FALSE(watch.see(190, kChance, kChance));
  EXPECT_TRUE(watch.see(200, kChance, kChance));
}

TEST(PinnedLossTest, ALossThatLearnsOrIsNotFiniteIsNotPinned) {
  PinnedLoss watch(0);
  EXPECT_FALSE(watch.see(1, 0.99 * kChance, kChance));
  EXPECT_FALSE(watch.see(2, 1.01 * kChance, kChance)) << "worse than chance is no collapse";
  EXPECT_FALSE(watch.see(3, std::nan(""), kChance));
}

}  // namespace
}  // namespace kith::host::test
