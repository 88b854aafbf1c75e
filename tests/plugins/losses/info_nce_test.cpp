// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <kith/error.hpp>
#include <kith/harness.hpp>

#include "plugins/golden_values.h"
#include "plugins/values.h"

namespace kith {
namespace {

using golden::Case;
using harness::Compute;
using harness::LossHarness;
using harness::Named;
using harness::Values;

void check_case(const Case& c, Compute compute) {
  LossHarness loss("plugin = \"info_nce\", temperature = " + golden::exact(c.real("temperature")),
                   {.compute = compute});
  const auto result = loss.run({{"query", golden::values_of(c.input("query"))},
                                {"key", golden::values_of(c.input("key"))},
                                {"queue", transposed(golden::values_of(c.input("queue")))}});
  golden::expect_equal(result.loss, c.output("loss"), golden::tolerance_of(compute));
  ASSERT_EQ(result.gradients.size(), 1U);
  golden::expect_equal(result.gradients.at("query"), c.output("grad_query"),
                       golden::gradient_tolerance_of(compute));
}

void check_every_info_nce_case(Compute compute, const std::string& what) {
  KITH_REQUIRE_GOLDEN();
  golden::Tally tally("info_nce, " + what);
  for (const auto& c : golden::read_cases("moco.h5")) {
    if (c.name() != "loss only") continue;
    SCOPED_TRACE(c.where());
    check_case(c, compute);
    tally.check();
  }
  EXPECT_GE(tally.checked(), 2);
}

TEST(InfoNceTest, EqualsTheReleasedCodeInFloat64) {
  check_every_info_nce_case(Compute::kFloat64, "float64");
}
TEST(InfoNceTest, EqualsTheReleasedCodeInFloat32) {
  check_every_info_nce_case(Compute::kFloat32, "float32");
}

const Values kEqualRows{{2, 2}, {0.6, 0.8, 0.6, 0.8}};
const Values kQueue{{3, 2}, {0.6, 0.8, 0.6, 0.8, 0.6, 0.8}};

// By hand: the key and the three rows of the queue are equally close, so the loss is ln 4.
TEST(InfoNceTest, EqualsTheLogarithmOfTheCandidatesWhereAllAreEquallyClose) {
  LossHarness loss("info_nce", {.compute = Compute::kFloat64});
  const auto result = loss.run({{"query", kEqualRows}, {"key", kEqualRows}, {"queue", kQueue}});
  EXPECT_NEAR(result.loss.number(), std::log(4.0), 1e-12);
  ASSERT_TRUE(result.chance_value);
  EXPECT_DOUBLE_EQ(*result.chance_value, std::log(4.0));
}

// By hand: logits 1 and -1 at a temperature of 1, so the loss is ln(1 + exp(-2)).
TEST(InfoNceTest, CountsThePositiveInTheDenominator) {
  LossHarness loss(R"(plugin = "info_nce", temperature = 1.0)", {.compute = Compute::kFloat64});
  const auto result = loss.run(
      {{"query", {{1, 2}, {1, 0}}}, {"key", {{1, 2}, {1, 0}}}, {"queue", {{1, 2}, {-1, 0}}}});
  EXPECT_NEAR(result.loss.number(), std::log1p(std::exp(-2.0)), 1e-12);
}

// Twice as long a query: twice the logits. A loss that normalised would not see it.
TEST(InfoNceTest, TakesRowsAsTheyCome) {
  LossHarness loss(R"(plugin = "info_nce", temperature = 1.0)", {.compute = Compute::kFloat64});
  const auto result = loss.run(
      {{"query", {{1, 2}, {2, 0}}}, {"key", {{1, 2}, {1, 0}}}, {"queue", {{1, 2}, {-1, 0}}}});
  EXPECT_NEAR(result.loss.number(), std::log1p(std::exp(-4.0)), 1e-12);
}

std::string refusal(const Named& inputs) {
  try {
    LossHarness("info_nce").run(inputs);
  } catch (const ShapeError& error) {
    return error.what();
  }
  return "";
}

TEST(InfoNceTest, RefusesShapesThatDoNotFitAndNamesAllThree) {
  const std::string wanted =
      "info_nce: wanted query [N, C], key [N, C] and queue [K, C] with N and K of at least 1, got ";
  EXPECT_NE(refusal({{"query", kEqualRows}, {"key", kEqualRows}, {"queue", {{1, 3}, {1, 0, 0}}}})
                .find(wanted + "query [2, 2], key [2, 2], queue [1, 3]"),
            std::string::npos);
  EXPECT_NE(refusal({{"query", kEqualRows}, {"key", {{1, 2}, {1, 0}}}, {"queue", kQueue}})
                .find(wanted + "query [2, 2], key [1, 2], queue [3, 2]"),
            std::string::npos);
  EXPECT_NE(refusal({{"query", kEqualRows}, {"key", kEqualRows}, {"queue", {{0, 2}, {}}}})
                .find(wanted + "query [2, 2], key [2, 2], queue [0, 2]"),
            std::string::npos);
}

TEST(InfoNceTest, RefusesATemperatureOfZeroAndNamesTheKey) {
  try {
    LossHarness loss(R"(plugin = "info_nce", temperature = 0.0)");
    FAIL() << "nothing was thrown";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("loss.temperature"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace kith
