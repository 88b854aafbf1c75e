// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <kith/error.hpp>
#include <kith/harness.hpp>

namespace kith {
namespace {

using harness::EvaluationInput;
using harness::Values;

double recall(const Values& first, const Values& second, const std::string& k = "[1]",
              const std::string& name = "recall_at_1") {
  EvaluationInput input;
  input.views = {first, second};
  const auto result = harness::evaluate("plugin = \"view_retrieval\", k = " + k, input);
  EXPECT_EQ(result.metrics.at(name).unit, "fraction");
  return result.metrics.at(name).value;
}

// By hand: unit vectors at 0, 90 and 180 degrees, and second views near the first two and at 100
// degrees, which is nearer to the second image than to its own.
TEST(ViewRetrievalTest, CountsSecondViewsWhoseOwnFirstViewIsNearest) {
  const Values first{{3, 2}, {1, 0, 0, 1, -1, 0}};
  const Values second{{3, 2}, {2, 0.2, 0.1, 1, -0.17, 0.98}};
  EXPECT_DOUBLE_EQ(recall(first, second), 2.0 / 3);
  EXPECT_DOUBLE_EQ(recall(first, second, "[1, 2]", "recall_at_2"), 1);
}

TEST(ViewRetrievalTest, LengthOfRowsDoesNotCount) {
  const Values first{{2, 2}, {1, 0, 0, 100}};
  const Values second{{2, 2}, {3, 1, 0.001, 0.002}};
  EXPECT_DOUBLE_EQ(recall(first, second), 1);
}

TEST(ViewRetrievalTest, FeaturesThatAreAllAlikeFindNothing) {
  const Values same{{4, 2}, std::vector<double>(8, 1.0)};
  EXPECT_DOUBLE_EQ(recall(same, same), 0);
}

TEST(ViewRetrievalTest, FeaturesThatAreNotNumbersFindNothing) {
  const Values broken{{4, 2}, std::vector<double>(8, std::nan(""))};
  EXPECT_DOUBLE_EQ(recall(broken, broken), 0);
}

TEST(ViewRetrievalTest, AnotherNumberOfViewsIsRefused) {
  try {
    harness::evaluate("view_retrieval", EvaluationInput{});
    ADD_FAILURE() << "no error";
  } catch (const kith::Error& e) {
    EXPECT_STREQ(e.what(), "org.kith.view_retrieval: evaluate: wanted 2 views, got 0");
  }
}

}  // namespace
}  // namespace kith
