// SPDX-License-Identifier: Apache-2.0
#include "config/option_arguments.h"

#include <gtest/gtest.h>

#include <string_view>
#include <utility>

namespace kith::host {
namespace {

OptionValue option(const std::string& name, OptionType type, bool is_list,
                   std::vector<OptionScalar> values) {
  OptionValue value;
  value.name = name;
  value.type = type;
  value.is_list = is_list;
  value.values = std::move(values);
  return value;
}

std::string_view text_of(const kith_value& value) { return {value.v.text, value.count}; }

TEST(OptionArgumentsTest, PassesEachScalarWithItsTag) {
  const OptionArguments arguments({
      option("b", OptionType::kBool, false, {true}),
      option("i", OptionType::kInt, false, {std::int64_t{-7}}),
      option("r", OptionType::kReal, false, {0.25}),
      option("s", OptionType::kString, false, {std::string("text")}),
      option("c", OptionType::kChoice, false, {std::string("paper")}),
      option("p", OptionType::kPath, false, {std::string("")}),
  });
  const std::span<const kith_arg> args = arguments.args();
  ASSERT_EQ(args.size(), 6u);
  EXPECT_STREQ(args[0].name, "b");
  EXPECT_EQ(args[0].value.tag, static_cast<std::uint32_t>(KITH_BOOL));
  EXPECT_EQ(args[0].value.v.i, 1);
  EXPECT_EQ(args[1].value.tag, static_cast<std::uint32_t>(KITH_INT));
  EXPECT_EQ(args[1].value.v.i, -7);
  EXPECT_EQ(args[2].value.tag, static_cast<std::uint32_t>(KITH_DOUBLE));
  EXPECT_EQ(args[2].value.v.d, 0.25);
  EXPECT_EQ(args[3].value.tag, static_cast<std::uint32_t>(KITH_STRING));
  EXPECT_EQ(text_of(args[3].value), "text");
  EXPECT_EQ(text_of(args[4].value), "paper");
  EXPECT_EQ(args[5].value.tag, static_cast<std::uint32_t>(KITH_STRING));
  EXPECT_EQ(args[5].value.count, 0u);
  EXPECT_STREQ(args[5].value.v.text, "");
}

TEST(OptionArgumentsTest, PassesListsWithTheirLength) {
  const OptionArguments arguments({
      option("i", OptionType::kInt, true, {std::int64_t{1}, std::int64_t{2}}),
      option("b", OptionType::kBool, true, {true, false}),
      option("r", OptionType::kReal, true, {0.5, 1.0, 2.0}),
      option("s", OptionType::kString, true, {std::string("a"), std::string("bc")}),
      option("e", OptionType::kReal, true, {}),
  });
  const std::span<const kith_arg> args = arguments.args();
  EXPECT_EQ(args[0].value.tag, static_cast<std::uint32_t>(KITH_INTS));
  EXPECT_EQ(args[0].value.count, 2u);
  EXPECT_EQ(args[0].value.v.ints[1], 2);
  EXPECT_EQ(args[1].value.tag, static_cast<std::uint32_t>(KITH_INTS));
  EXPECT_EQ(args[1].value.v.ints[0], 1);
  EXPECT_EQ(args[1].value.v.ints[1], 0);
  EXPECT_EQ(args[2].value.tag, static_cast<std::uint32_t>(KITH_DOUBLES));
  EXPECT_EQ(args[2].value.count, 3u);
  EXPECT_EQ(args[2].value.v.doubles[2], 2.0);
  EXPECT_EQ(args[3].value.tag, static_cast<std::uint32_t>(KITH_STRINGS));
  EXPECT_EQ(std::string_view(args[3].value.v.strings[1].data, args[3].value.v.strings[1].size),
            "bc");
  EXPECT_EQ(args[4].value.tag, static_cast<std::uint32_t>(KITH_DOUBLES));
  EXPECT_EQ(args[4].value.count, 0u);
}

TEST(OptionArgumentsTest, PassesAScheduleAsATable) {
  const OptionArguments arguments({
      option("m", OptionType::kSchedule, false, {Schedule{"cosine", 0.99, 1.0}}),
      option("l", OptionType::kSchedule, true,
             {Schedule{"constant", 0.5, 0.5}, Schedule{"linear", 0.0, 1.0}}),
  });
  const kith_value& one = arguments.args()[0].value;
  EXPECT_EQ(one.tag, static_cast<std::uint32_t>(KITH_TABLE));
  ASSERT_EQ(one.count, 3u);
  EXPECT_STREQ(one.v.table[0].name, "kind");
  EXPECT_EQ(text_of(one.v.table[0].value), "cosine");
  EXPECT_STREQ(one.v.table[1].name, "start");
  EXPECT_EQ(one.v.table[1].value.v.d, 0.99);
  EXPECT_STREQ(one.v.table[2].name, "end");
  EXPECT_EQ(one.v.table[2].value.v.d, 1.0);
  const kith_value& list = arguments.args()[1].value;
  ASSERT_EQ(list.count, 2u);
  EXPECT_EQ(list.v.table[1].name, nullptr);
  EXPECT_EQ(text_of(list.v.table[1].value.v.table[0].value), "linear");
}

TEST(OptionArgumentsTest, LeavesPluginsOut) {
  const OptionArguments arguments({
      option("loss", OptionType::kPlugin, false, {}),
      option("k", OptionType::kInt, false, {std::int64_t{3}}),
  });
  ASSERT_EQ(arguments.args().size(), 1u);
  EXPECT_STREQ(arguments.args()[0].name, "k");
}

TEST(OptionArgumentsTest, KeepsItsPointersWhenMoved) {
  std::vector<OptionValue> options;
  for (int i = 0; i < 100; ++i) {
    options.push_back(option("o" + std::to_string(i), OptionType::kString, false,
                             {std::string("v") + std::to_string(i)}));
  }
  OptionArguments first(options);
  const OptionArguments second = std::move(first);
  options.clear();
  for (int i = 0; i < 100; ++i) {
    const kith_arg& arg = second.args()[static_cast<std::size_t>(i)];
    EXPECT_EQ(arg.name, "o" + std::to_string(i));
    EXPECT_EQ(text_of(arg.value), "v" + std::to_string(i));
  }
}

}  // namespace
}  // namespace kith::host
