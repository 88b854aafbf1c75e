// SPDX-License-Identifier: Apache-2.0
#include "plugin/nearest_name.h"

#include <gtest/gtest.h>

namespace kith::host {
namespace {

TEST(NearestNameTest, CountsEditsWithASwapOfNeighboursAsOne) {
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("resnet", "renset"), 1u);
  EXPECT_EQ(edit_distance("Nt-Xent", "nt_xent"), 0u);
}

TEST(NearestNameTest, FindsTheNameThatWasMeant) {
  const std::vector<std::string> names{"nt_xent", "info_nce", "dcl"};
  EXPECT_EQ(nearest_name("infonce", names), "info_nce");
  EXPECT_EQ(nearest_name("ntxent", names), "nt_xent");
  EXPECT_EQ(did_you_mean("infonce", names), "; did you mean 'info_nce'?");
}

TEST(NearestNameTest, FindsAPartOfAName) {
  EXPECT_EQ(nearest_name("crop", {"flip", "random_resized_crop"}), "random_resized_crop");
}

TEST(NearestNameTest, SuggestsNothingForANameThatIsNearToNone) {
  EXPECT_EQ(nearest_name("barlow_twins", {"nt_xent", "dcl"}), std::nullopt);
  EXPECT_EQ(nearest_name("x", {"k", "n"}), std::nullopt);
  EXPECT_EQ(nearest_name("anything", {}), std::nullopt);
  EXPECT_EQ(did_you_mean("x", {}), "");
}

}  // namespace
}  // namespace kith::host
