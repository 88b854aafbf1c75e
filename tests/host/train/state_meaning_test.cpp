// SPDX-License-Identifier: Apache-2.0
#include "train/state_meaning.h"

#include <gmock/gmock.h>

namespace kith::host::test {
namespace {

using testing::HasSubstr;

TEST(StateMeaningTest, SaysWhatEachKindOfTheSdkIs) {
  for (const auto* kind : {"queue", "memory_bank", "prototypes", "centre", "scalar"}) {
    const auto attributes = state_meaning(kind);
    EXPECT_EQ(attributes.count("dimensions"), 1U) << kind;
    EXPECT_NE(std::get<std::string>(attributes.at("meaning")), "") << kind;
  }
  EXPECT_EQ(std::get<std::string>(state_meaning("memory_bank").at("dimensions")), "image, channel");
  EXPECT_THAT(std::get<std::string>(state_meaning("memory_bank").at("meaning")),
              HasSubstr("/samples/train/trained_rows"));
  EXPECT_TRUE(state_meaning("brain").empty());
}

}  // namespace
}  // namespace kith::host::test
