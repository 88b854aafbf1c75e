// SPDX-License-Identifier: Apache-2.0
#include "conformance/findings.h"

#include <gtest/gtest.h>

#include <limits>

namespace kith::conformance {
namespace {

TEST(FindingsTest, SaysWhatAFailureIsAbout) {
  Findings f;
  f.fail("first");
  f.about("plugin = \"a\"");
  f.expect(true, "not said");
  f.expect(false, "second");
  EXPECT_FALSE(f.passed());
  EXPECT_EQ(f.failures(), (std::vector<std::string>{"first", "plugin = \"a\": second"}));
}

TEST(FindingsTest, NamesTheFirstFailuresAndCountsTheRest) {
  Findings f;
  for (int i = 0; i < 20; ++i) f.fail(std::to_string(i));
  ASSERT_EQ(f.failures().size(), 9U);
  EXPECT_EQ(f.failures()[7], "7");
  EXPECT_EQ(f.failures()[8], "and 12 more");
}

TEST(FindingsTest, NamesTheFirstNumberThatIsNotFinite) {
  Findings f;
  f.expect_finite({{2, 2}, {0, 1, std::numeric_limits<double>::infinity(), 3}}, "the loss");
  EXPECT_EQ(f.failures(),
            std::vector<std::string>{"the loss must be finite, got inf at position 2 of [2, 2]"});
}

TEST(FindingsTest, TellsHowTensorsDiffer) {
  Findings f;
  f.expect_same({{"a", {{2}, {1, 2}}}, {"b", {{1}, {1}}}, {"c", {{1}, {1}}}},
                {{"a", {{2}, {1, 2.5}}}, {"b", {{1, 1}, {1}}}, {"d", {{1}, {1}}}}, "later");
  EXPECT_EQ(f.failures(),
            (std::vector<std::string>{"a differs later, by 0.5; the same was wanted to the bit",
                                      "b is [1], then [1, 1] later",
                                      "c is there once and not again later", "d is new later"}));
}

TEST(FindingsTest, NamesAnOperatorThatIsNotListed) {
  Findings f;
  f.expect_listed({"aten::add.Tensor", "aten::mul.Tensor"}, {"aten::add.Tensor"});
  ASSERT_EQ(f.failures().size(), 1U);
  EXPECT_EQ(f.failures()[0],
            "aten::mul.Tensor was called and is not in the file's list; call it through the SDK, "
            "by a constant name");
  Findings none;
  none.expect_listed({}, {"aten::add.Tensor"});
  EXPECT_EQ(none.failures(), std::vector<std::string>{"no operator was seen"});
}

TEST(FindingsTest, ANumberThatIsNotFiniteIsInfinitelyFar) {
  Worst worst;
  worst.add(1, 1.25);
  EXPECT_EQ(worst.difference(), 0.25);
  worst.add(std::numeric_limits<double>::quiet_NaN(), 0);
  EXPECT_EQ(worst.difference(), std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace kith::conformance
