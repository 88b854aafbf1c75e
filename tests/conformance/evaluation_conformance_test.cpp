// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "conformance/shipped_plugins.h"

namespace kith::conformance {
namespace {

using harness::Compute;
using harness::EvaluationInput;

std::vector<std::int64_t> cyclic_labels(std::int64_t n, std::int64_t classes) {
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < n; ++i) labels.push_back(i % classes);
  return labels;
}

/// Features that say nothing about their labels; more than one tile of queries.
EvaluationInput random_input(std::int64_t bank, std::int64_t queries, std::int64_t classes) {
  return {normal({bank, 7}, "bank"),
          cyclic_labels(bank, classes),
          normal({queries, 7}, "query"),
          cyclic_labels(queries, classes),
          classes,
          {normal({queries, 7}, "view 1"), normal({queries, 7}, "view 2")}};
}

void expect_sound(const harness::EvaluationResult& result) {
  EXPECT_FALSE(result.metrics.empty()) << "no metric was reported";
  for (const auto& [name, metric] : result.metrics) {
    EXPECT_TRUE(std::isfinite(metric.value)) << name;
    if (metric.unit != "fraction") continue;
    EXPECT_GE(metric.value, 0) << name;
    EXPECT_LE(metric.value, 1) << name;
  }
  for (const auto& [name, table] : result.tables) EXPECT_TRUE(all_finite(table)) << name;
}

class EvaluationConformance : public testing::TestWithParam<std::string> {
 protected:
  const harness::Plugin plugin_ = find_shipped("evaluation", GetParam());
};

TEST_P(EvaluationConformance, ReportsSoundMetricsOfRandomFeatures) {
  for (const auto compute : {Compute::kFloat32, Compute::kFloat64}) {
    expect_sound(harness::evaluate(plugin_.id, random_input(601, 523, 11), compute));
    expect_sound(harness::evaluate(plugin_.id, random_input(8, 1, 2), compute));
  }
}

TEST_P(EvaluationConformance, IsSoundAtTheEndsOfItsOptions) {
  for (const auto& table : plugin_.tables_at_ends) {
    SCOPED_TRACE(table);
    expect_sound(harness::evaluate(table, random_input(60, 21, 7)));
  }
}

TEST_P(EvaluationConformance, IsSoundWhereAllFeaturesAreEqual) {
  auto input = random_input(60, 21, 7);
  for (auto* values : {&input.bank, &input.query, &input.views[0], &input.views[1]})
    for (auto& x : values->numbers) x = 0;
  expect_sound(harness::evaluate(plugin_.id, input));
}

TEST_P(EvaluationConformance, GivesTheSameAgain) {
  const auto first = harness::evaluate(plugin_.id, random_input(101, 50, 5));
  const auto second = harness::evaluate(plugin_.id, random_input(101, 50, 5));
  for (const auto& [name, metric] : first.metrics)
    EXPECT_EQ(metric.value, second.metrics.at(name).value) << name;
}

TEST_P(EvaluationConformance, ListsTheOperatorsThatItCalls) {
  const auto calls = harness::record_calls([&] {
    harness::evaluate(plugin_.id, random_input(60, 21, 7));
    for (const auto& table : plugin_.tables_at_ends)
      harness::evaluate(table, random_input(60, 21, 7));
  });
  expect_listed(calls.operators, plugin_.operators);
}

INSTANTIATE_TEST_SUITE_P(Shipped, EvaluationConformance,
                         testing::ValuesIn(shipped_ids("evaluation")), short_name);

}  // namespace
}  // namespace kith::conformance
