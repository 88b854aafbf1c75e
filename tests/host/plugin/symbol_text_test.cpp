// SPDX-License-Identifier: Apache-2.0
#include "plugin/symbol_text.h"

#include <gtest/gtest.h>

#include <string>

namespace kith::host {
namespace {

TEST(SymbolTextTest, NamesAreDemangled) {
  EXPECT_EQ(symbol_text("_ZN4kith5shownEi"), "kith::shown(int)");
  EXPECT_EQ(symbol_text("_ZNSt6vectorIN3abc1XESaIS1_EE9push_backERKS1_"),
            "std::vector<abc::X, std::allocator<abc::X> >::push_back(abc::X const&)");
  EXPECT_EQ(symbol_text("memcpy"), "memcpy");
  EXPECT_EQ(symbol_text("_Znonsense"), "_Znonsense");
}

TEST(SymbolTextTest, ANameThatGrowsWithoutMeasureStaysAsItIs) {
  std::string name = "_Z1f1X1PIS_S_ES0_IS1_S1_ES0_IS2_S2_ES0_IS3_S3_ES0_IS4_S4_ES0_IS5_S5_E";
  EXPECT_EQ(symbol_text(name), name);
  const std::string pack = "_Z1fIJiiEJiiEJiiEEvDpT_DpT0_DpT1_";
  EXPECT_EQ(symbol_text(pack), pack);
}

TEST(SymbolTextTest, LongNamesAreCutAndControlCharactersHidden) {
  EXPECT_EQ(symbol_text(std::string(20000, 'x')), std::string(300, 'x') + "...");
  EXPECT_EQ(symbol_text("a\x1b[2Jb\xff"), "a?[2Jb?");
}

}  // namespace
}  // namespace kith::host
