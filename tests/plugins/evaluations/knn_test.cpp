// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <kith/harness.hpp>
#include <numeric>

#include "plugins/golden_values.h"

namespace kith {
namespace {

using golden::Array;
using golden::Case;
using harness::Compute;
using harness::EvaluationInput;
using harness::EvaluationResult;
using harness::Values;

/// Below it float32 may order the two best classes, or the k-th and the next neighbour, the other
/// way round.
constexpr double kTinyMargin = 1e-4;

EvaluationInput input_of(const Case& c, double scale) {
  EvaluationInput input{golden::values_of(c.input("train")), c.input("train_labels").integers(),
                        golden::values_of(c.input("test")), c.input("test_labels").integers(),
                        c.integer("classes")};
  for (auto* values : {&input.bank, &input.query})
    for (auto& x : values->numbers) x *= scale;
  return input;
}

std::string table(const Case& c, const std::string& distance) {
  return "plugin = \"knn\", labels_per_class = [0], report_votes = true, k = " +
         std::to_string(c.integer("k")) +
         ", temperature = " + golden::exact(c.real("temperature")) + ", distance = \"" + distance +
         "\"";
}

/// The classes of a row of votes, most votes first.
std::vector<std::int64_t> order_of(const Values& votes, std::size_t row) {
  const auto classes = static_cast<std::size_t>(votes.shape[1]);
  std::vector<std::int64_t> order(classes);
  std::iota(order.begin(), order.end(), 0);
  const auto* first = &votes.numbers[row * classes];
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return first[a] > first[b]; });
  return order;
}

void check_votes(const Values& votes, const Array& expected, Compute compute) {
  ASSERT_EQ(votes.shape, expected.shape());
  // exp(similarity / 0.07) magnifies the rounding of a similarity 14-fold: float32 gets 1e-4.
  golden::expect_equal(votes, expected,
                       compute == Compute::kFloat64 ? golden::kFloat64 : golden::kFloat32Gradient);
}

void check_tops(const EvaluationResult& result, const Case& c, const std::string& name,
                double rows) {
  for (const std::string top : {"top1", "top5"}) {
    ASSERT_TRUE(result.metrics.count(top)) << top;
    EXPECT_EQ(result.metrics.at(top).unit, "fraction");
    // In per cent there; rows: how many may fall on the other side.
    EXPECT_NEAR(100 * result.metrics.at(top).value, c.output(top + name).real(), 1e-9 + rows)
        << top + name;
  }
}

/// Per cent of the queries that float32 may order otherwise.
double doubtful(const Case& c) {
  const auto margin = c.output("margin").reals();
  const auto tiny =
      std::count_if(margin.begin(), margin.end(), [](double m) { return m < kTinyMargin; });
  return 100.0 * static_cast<double>(tiny) / static_cast<double>(margin.size());
}

void check_all(Compute compute, const std::string& what) {
  KITH_REQUIRE_GOLDEN();
  golden::Tally cases("knn, " + what), rows("knn, rows of the prediction order, " + what);
  for (const auto& c : golden::read_cases("knn.h5")) {
    SCOPED_TRACE(c.where());
    const double slack = compute == Compute::kFloat64 ? 0 : doubtful(c);
    const auto cosine = harness::evaluate(table(c, "cosine"), input_of(c, 1), compute);
    const auto& votes = cosine.tables.at("votes");
    check_votes(votes, c.output("votes"), compute);
    check_votes(votes, c.output("votes_solo_cosine"), compute);
    check_tops(cosine, c, "", slack);
    check_tops(cosine, c, "_solo_cosine", slack);

    const auto order = c.output("prediction_order").integers();
    const auto margin = c.output("margin").reals();
    for (std::size_t row = 0; row < margin.size(); ++row) {
      if (compute == Compute::kFloat32 && margin[row] < kTinyMargin) {
        rows.skip("tiny margin");
        continue;
      }
      EXPECT_EQ(order_of(votes, row)[0], order[row * static_cast<std::size_t>(votes.shape[1])])
          << "row " << row;
      rows.check();
    }

    const auto euclidean = harness::evaluate(table(c, "euclidean"),
                                             input_of(c, c.real("solo_feature_scale")), compute);
    check_votes(euclidean.tables.at("votes"), c.output("votes_solo_euclidean"), compute);
    check_tops(euclidean, c, "_solo_euclidean", slack);
    cases.check();
  }
  EXPECT_GT(cases.checked(), 0);
}

TEST(KnnTest, EqualsThreePublishedClassifiersInFloat64) { check_all(Compute::kFloat64, "float64"); }
TEST(KnnTest, EqualsThreePublishedClassifiersInFloat32) { check_all(Compute::kFloat32, "float32"); }

EvaluationInput four_points() {
  return {{{4, 2}, {1, 0, 0.9, 0.1, 0, 1, 0.1, 0.9}},
          {0, 0, 1, 1},
          {{2, 2}, {1, 0.05, 0.05, 1}},
          {0, 1},
          2};
}

TEST(KnnTest, FindsTheClassOfTheNearestPoints) {
  const auto result =
      harness::evaluate(R"(plugin = "knn", k = 1, labels_per_class = [0])", four_points());
  EXPECT_EQ(result.metrics.at("top1").value, 1.0);
  EXPECT_FALSE(result.metrics.count("top5")) << "two classes have no top 5";
  EXPECT_TRUE(result.tables.empty()) << "votes were not asked for";
}

TEST(KnnTest, TakesTheWholeBankWhereKIsLarger) {
  const auto result =
      harness::evaluate(R"(plugin = "knn", k = 100, labels_per_class = [0], report_votes = true)",
                        four_points(), Compute::kFloat64);
  // By hand, of query 0: class 0 gets the votes of both of its rows.
  const auto cosine = [](double a, double b) {
    return (1 * a + 0.05 * b) / std::hypot(a, b) / std::hypot(1, 0.05);
  };
  const double by_hand = std::exp(cosine(1, 0) / 0.07) + std::exp(cosine(0.9, 0.1) / 0.07);
  EXPECT_NEAR(result.tables.at("votes").numbers[0], by_hand, 1e-9 * by_hand);
}

TEST(KnnTest, DrawsTheSameFewLabelsEachTime) {
  const std::string table =
      R"(plugin = "knn", labels_per_class = [1], few_labels_k = 1, draws = 3)";
  const auto first = harness::evaluate(table, four_points()),
             second = harness::evaluate(table, four_points());
  EXPECT_EQ(first.metrics.at("top1_1_labels").value, 1.0);
  EXPECT_EQ(first.metrics.at("top1_1_labels").value, second.metrics.at("top1_1_labels").value);
}

}  // namespace
}  // namespace kith
