// SPDX-License-Identifier: Apache-2.0
#include "config/nesting.h"

#include <gtest/gtest.h>

#include <string>

#include "experiment_fixture.h"

namespace kith::host {
namespace {

/// `piece` so many times.
std::string repeated(int count, const std::string& piece) {
  std::string text;
  for (int i = 0; i < count; ++i) text += piece;
  return text;
}

bool is_deep(const std::string& text) { return find_deep_nesting(text).has_value(); }

TEST(NestingTest, CountsTablesOfKeysAndHeadersAndWhatIsOpen) {
  EXPECT_FALSE(is_deep("a" + repeated(64, ".a") + " = 1"));
  EXPECT_TRUE(is_deep("a" + repeated(65, ".a") + " = 1"));
  EXPECT_FALSE(is_deep("[a" + repeated(63, ".a") + "]\nb = 1.5"));
  EXPECT_TRUE(is_deep("[a" + repeated(63, ".a") + "]\nb.b.b = 1"));
  EXPECT_TRUE(is_deep("[[a" + repeated(70, " . a") + "]]"));
  EXPECT_FALSE(is_deep("a = " + repeated(64, "[") + repeated(64, "]")));
  EXPECT_TRUE(is_deep("a = " + repeated(65, "[")));
  EXPECT_TRUE(is_deep(repeated(11, "a.a.a.a.a.a = {")));
  EXPECT_FALSE(is_deep(repeated(10, "a.a.a.a.a.a = {")));
  const std::string byte_order_mark = "\xEF\xBB\xBF";
  EXPECT_TRUE(is_deep(byte_order_mark + "[a" + repeated(65, ".a") + "]"));
  EXPECT_FALSE(is_deep(byte_order_mark + "[a" + repeated(63, ".a") + "]"));
}

TEST(NestingTest, WhatStandsBesideEachOtherIsNotDeep) {
  EXPECT_FALSE(is_deep(repeated(100, "[a.b]\nc.d = 1.5\n")));
  EXPECT_FALSE(is_deep("a = [" + repeated(100, "{b.c = 1.5, d.e = [1.5, 2.5]},\n") + "]"));
  EXPECT_FALSE(is_deep("a = [\n" + repeated(100, "1.5, # .[{\n") + "]"));
}

TEST(NestingTest, TextsAndCommentsHoldNoTables) {
  const std::string marks = repeated(100, ".[{");
  EXPECT_FALSE(is_deep("a = \"" + marks + "\\\"" + marks + "\" # " + marks));
  EXPECT_FALSE(is_deep("a = '" + marks + "\\' # " + marks));
  EXPECT_FALSE(is_deep("a = \"\"\"\n" + marks + "\"\"\\\"\n" + marks + "\"\"\"\"\nb = 1"));
  EXPECT_FALSE(is_deep("a = '''\n" + marks + "''\n" + marks + "'''\n\"" + marks + "\" = 1"));
  EXPECT_TRUE(is_deep("a = ''''''\nb" + repeated(65, ".\"b\"") + " = ''"));
}

using NestingErrorTest = ExperimentFixture;

TEST_F(NestingErrorTest, IsRefusedWithItsPlaceHoweverDeepItIs) {
  const std::string reason = "tables and lists may stand within each other 64 deep, got more";
  const std::string refused = "toml: " + reason + " (exp.toml:2:130)\n1 error in exp.toml";
  for (const int count : {65, 25'000, 4'000'000})
    EXPECT_EQ(errors("name = \"x\"\na" + repeated(count, ".a") + " = 1"), refused) << count;
  EXPECT_EQ(errors("\n\n[a" + repeated(1'000'000, ".a") + "]"),
            "toml: " + reason + " (exp.toml:3:131)\n1 error in exp.toml");
  EXPECT_EQ(errors("\nx = " + repeated(1'000'000, "[")),
            "toml: " + reason + " (exp.toml:2:69)\n1 error in exp.toml");
}

TEST_F(NestingErrorTest, SoIsAnOverride) {
  const std::string key = "a" + repeated(60'000, ".a");
  EXPECT_NE(errors(kSmallExperiment, {key + "=1"})
                .find("--set: a key may have at most 64 parts, got 60001"),
            std::string::npos);
  EXPECT_NE(errors(kSmallExperiment, {"name={" + key + "=1}"})
                .find("tables and lists may stand within each other 64 deep, got more"),
            std::string::npos);
}

}  // namespace
}  // namespace kith::host
