// SPDX-License-Identifier: Apache-2.0
#include "golden/golden_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace kith::golden {
namespace {

TEST(GoldenFileTest, EveryCaseOfEveryFileCanBeRead) {
  const auto folder = find_golden_folder();
  if (!folder) GTEST_SKIP() << "no golden files";
  int files = 0;
  Tally tally("all files");
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    if (entry.path().extension() != ".h5") continue;
    ++files;
    for (const Case& c : read_cases(entry.path().filename().string())) {
      SCOPED_TRACE(c.where());
      EXPECT_FALSE(c.name().empty());
      EXPECT_FALSE(c.source().empty());
      EXPECT_FALSE(c.output_names().empty());
      for (const std::string& name : c.output_names()) EXPECT_NO_THROW(c.output(name)) << name;
      for (const std::string& name : c.input_names()) EXPECT_NO_THROW(c.input(name)) << name;
      tally.check();
    }
  }
  EXPECT_GT(files, 0);
}

TEST(GoldenFileTest, NamesTheCaseAndWhatItLacks) {
  if (!find_golden_folder()) GTEST_SKIP() << "no golden files";
  const auto cases = read_cases("optim.h5");
  ASSERT_FALSE(cases.empty());
  try {
    cases.front().input("no such thing");
    FAIL() << "did not throw";
  } catch (const std::runtime_error& e) {
    EXPECT_EQ(std::string(e.what()),
              "golden: " + cases.front().where() + ": no data set 'inputs/no such thing'");
  }
}

TEST(GoldenFileTest, FindsDifferencesBeyondTheToleranceOnly) {
  EXPECT_EQ(find_difference({1, 2}, {1, 2}, {0, 0}), "");
  EXPECT_EQ(find_difference({1.5, 8}, {1, 8}, {0.1, 0}), "");  // 0.5 <= 0.1 * 8
  EXPECT_EQ(find_difference({1, 3}, {1, 2}, {0, 0.5}),
            "1 of 2 values differ by more than 0.5; worst at [1]: wanted 2, got 3");
  EXPECT_EQ(find_difference({1}, {1, 2}, {0, 0}), "wanted 2 values, got 1");
}

TEST(GoldenFileTest, NotANumberAndInfinityAreNeverWithinTheTolerance) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(find_difference({nan}, {1}, {1, 1}), "");
  EXPECT_NE(find_difference({1, nan}, {1, 2}, {1, 1}), "");
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_NE(find_difference({inf, 5}, {inf, 1}, {0.1, 0}), "");  // infinity widens nothing
}

}  // namespace
}  // namespace kith::golden
