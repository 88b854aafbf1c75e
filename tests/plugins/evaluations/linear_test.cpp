// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <kith/error.hpp>
#include <kith/harness.hpp>
#include <kith/random.hpp>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "plugins/evaluations/newton.h"

namespace kith {
namespace {

using harness::Compute;
using harness::EvaluationInput;
using harness::EvaluationResult;
using harness::Values;
using test::LinearModel;
using test::newton_logistic;
using test::Problem;

/// Three classes that overlap; the columns' means and scales differ.
Problem overlapping(std::int64_t rows, const std::string& name) {
  Problem problem{{}, {}, 4, 3};
  const Draw draw(DrawKey{}, name);
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto label = i % 3;
    problem.labels.push_back(label);
    for (std::int64_t d = 0; d < 4; ++d) {
      const double noise = draw.normal_at(static_cast<std::uint64_t>(4 * i + d));
      problem.features.push_back(static_cast<double>(d) + (d == label ? 1.2 : 0) +
                                 noise * (1 + 0.5 * static_cast<double>(d)));
    }
  }
  return problem;
}

Values features_of(const Problem& p) { return {{p.rows(), p.width}, p.features}; }

EvaluationInput input_of(const Problem& bank, const Problem& query) {
  return {features_of(bank), bank.labels, features_of(query), query.labels, bank.classes};
}

EvaluationResult fit(const std::string& options, const EvaluationInput& input,
                     Compute compute = Compute::kFloat64) {
  return harness::evaluate("plugin = \"linear\", report_weights = true, " + options, input,
                           compute);
}

const std::string kExact = "labels_per_class = [0], tolerance = 1e-11, max_iterations = 10000, ";

void expect_model(const EvaluationResult& result, const LinearModel& expected, double tolerance) {
  const auto& weights = result.tables.at("weights");
  const auto& biases = result.tables.at("biases");
  ASSERT_EQ(weights.numbers.size(), expected.weights.size());
  for (std::size_t i = 0; i < expected.weights.size(); ++i)
    EXPECT_NEAR(weights.numbers[i], expected.weights[i], tolerance) << "weight " << i;
  ASSERT_EQ(biases.numbers.size(), expected.biases.size());
  for (std::size_t i = 0; i < expected.biases.size(); ++i)
    EXPECT_NEAR(biases.numbers[i], expected.biases[i], tolerance) << "bias " << i;
}

/// The model of features with mean 0 and deviation 1, as one of the features themselves.
LinearModel standardised_newton(const Problem& bank, double l2) {
  const auto width = static_cast<std::size_t>(bank.width);
  std::vector<double> mean(width), deviation(width);
  const auto n = static_cast<double>(bank.rows());
  for (std::size_t i = 0; i < bank.features.size(); ++i) mean[i % width] += bank.features[i] / n;
  for (std::size_t i = 0; i < bank.features.size(); ++i)
    deviation[i % width] += std::pow(bank.features[i] - mean[i % width], 2) / n;
  auto scaled = bank;
  for (std::size_t i = 0; i < scaled.features.size(); ++i)
    scaled.features[i] = (scaled.features[i] - mean[i % width]) / std::sqrt(deviation[i % width]);
  auto model = newton_logistic(scaled, l2);
  for (std::size_t i = 0; i < model.weights.size(); ++i) {
    model.weights[i] /= std::sqrt(deviation[i % width]);
    model.biases[i / width] -= model.weights[i] * mean[i % width];
  }
  return model;
}

/// The share that a model classifies right, and minus its cross-entropy.
std::pair<double, double> score(const LinearModel& model, const Problem& p) {
  double right = 0, loss = 0;
  for (std::int64_t i = 0; i < p.rows(); ++i) {
    const auto scores = model.log_probabilities(p.row(i));
    const auto own = static_cast<std::size_t>(p.labels[static_cast<std::size_t>(i)]);
    if (*std::max_element(scores.begin(), scores.end()) == scores[own]) ++right;
    loss -= scores[own];
  }
  const auto n = static_cast<double>(p.rows());
  return {right / n, -loss / n};
}

// 1e-6: both stop at gradients of 1e-11, and the weakest penalty, 1e-4, lets a parameter move by
// 1e-7 for that.
TEST(LinearTest, EqualsNewtonsMethodForWeakAndStrongPenalties) {
  const auto bank = overlapping(90, "bank"), query = overlapping(30, "query");
  for (const auto& [text, l2] :
       {std::pair{"1e-4", 1e-4}, std::pair{"1e-2", 1e-2}, std::pair{"1.0", 1.0}}) {
    SCOPED_TRACE(text);
    const auto result =
        fit(kExact + "standardise = false, l2 = [" + text + "]", input_of(bank, query));
    const auto expected = newton_logistic(bank, l2);
    expect_model(result, expected, 1e-6);
    EXPECT_DOUBLE_EQ(result.metrics.at("top1").value, score(expected, query).first);
    EXPECT_EQ(result.metrics.at("top1").unit, "fraction");
  }
}

TEST(LinearTest, StandardisesByTheBankAndReportsWeightsOfTheFeaturesThemselves) {
  const auto bank = overlapping(90, "bank"), query = overlapping(30, "query");
  const auto result = fit(kExact + "l2 = [0.01]", input_of(bank, query));
  const auto expected = standardised_newton(bank, 0.01);
  expect_model(result, expected, 1e-6);
  EXPECT_DOUBLE_EQ(result.metrics.at("top1").value, score(expected, query).first);
}

// 1e-3: float32 products move a logit by 1e-6 and the default tolerance stops at gradients of 1e-4,
// which a penalty of 0.1 makes 1e-3 of a weight.
TEST(LinearTest, Float32AndTheDefaultToleranceAreNearTheMinimum) {
  const auto bank = overlapping(90, "bank"), query = overlapping(30, "query");
  const auto result = fit("labels_per_class = [0], l2 = [0.1], standardise = false",
                          input_of(bank, query), Compute::kFloat32);
  expect_model(result, newton_logistic(bank, 0.1), 1e-3);
}

TEST(LinearTest, ChoosesTheStrengthOnValRowsAndThenFitsAllRows) {
  const auto bank = overlapping(75, "bank"), query = overlapping(30, "query");
  const auto train = bank.part(0, 45), val = bank.part(45, 30);
  double chosen = 0;
  std::pair<double, double> best;
  for (const double l2 : {10.0, 1.0, 0.1, 0.01, 0.001}) {
    const auto of_this = score(newton_logistic(train, l2), val);
    if (chosen == 0 || of_this > best) std::tie(chosen, best) = std::tie(l2, of_this);
  }
  ASSERT_GT(chosen, 0.001) << "the problem must not choose an end of the list";
  ASSERT_LT(chosen, 10.0);
  auto input = input_of(bank, query);
  input.bank_val_rows = 30;
  const auto result =
      fit(kExact + "standardise = false, l2 = [0.001, 0.01, 0.1, 1.0, 10.0]", input);
  EXPECT_EQ(result.metrics.at("l2").value, chosen);
  expect_model(result, newton_logistic(bank, chosen), 1e-6);
}

TEST(LinearTest, ValRowsChooseAlone) {
  // Labels of val that contradict train: no other rows would choose as these do.
  auto bank = overlapping(75, "bank");
  for (std::size_t i = 45; i < 75; ++i) bank.labels[i] = (bank.labels[i] + 1) % 3;
  const auto train = bank.part(0, 45), val = bank.part(45, 30);
  double most = 0;
  std::map<double, double> right;
  for (const double l2 : {10.0, 0.1, 0.001}) {
    right[l2] = score(standardised_newton(train, l2), val).first;
    most = std::max(most, right[l2]);
  }
  auto input = input_of(bank, overlapping(30, "query"));
  const std::string options = "labels_per_class = [0], l2 = [0.001, 0.1, 10.0]";
  const auto without = fit(options, input).metrics.at("l2").value;
  input.bank_val_rows = 30;
  const auto chosen = fit(options, input).metrics.at("l2").value;
  ASSERT_EQ(right.count(chosen), 1U);
  EXPECT_EQ(right[chosen], most);
  EXPECT_NE(without, chosen) << "the problem does not tell who chooses";
}

TEST(LinearTest, QueriesNeverChoose) {
  auto input = input_of(overlapping(60, "bank"), overlapping(30, "query"));
  const auto before = fit("labels_per_class = [0]", input);
  for (auto& x : input.query.numbers) x = 3 - x;
  for (auto& label : input.query_labels) label = (label + 1) % 3;
  const auto after = fit("labels_per_class = [0]", input);
  EXPECT_EQ(before.metrics.at("l2").value, after.metrics.at("l2").value);
  EXPECT_EQ(before.tables.at("weights").numbers, after.tables.at("weights").numbers);
  EXPECT_NE(before.metrics.at("top1").value, after.metrics.at("top1").value);
}

/// Features that name their class among `classes`, and say nothing else.
Problem one_hot(std::int64_t rows, std::int64_t classes) {
  Problem problem{{}, {}, classes, classes};
  for (std::int64_t i = 0; i < rows; ++i) {
    problem.labels.push_back(i % classes);
    for (std::int64_t d = 0; d < classes; ++d) problem.features.push_back(d == i % classes);
  }
  return problem;
}

TEST(LinearTest, FewLabelsAndTopFive) {
  const auto result = fit("labels_per_class = [0, 3, 1], draws = 2",
                          input_of(one_hot(80, 8), one_hot(16, 8)), Compute::kFloat32);
  for (const std::string name : {"top1", "top5", "top1_3_labels", "top1_1_labels"})
    EXPECT_EQ(result.metrics.at(name).value, 1.0) << name;
}

TEST(LinearTest, FewClassesHaveNoTopFive) {
  const auto result = fit("labels_per_class = [0]", input_of(one_hot(20, 5), one_hot(10, 5)));
  EXPECT_FALSE(result.metrics.count("top5"));
}

TEST(LinearTest, ABankOfOneClassFindsThatClass) {
  Problem bank = overlapping(30, "bank");
  for (auto& label : bank.labels) label = 1;
  const auto result = fit("labels_per_class = [0, 5]", input_of(bank, overlapping(30, "query")));
  EXPECT_DOUBLE_EQ(result.metrics.at("top1").value, 1.0 / 3);
  EXPECT_DOUBLE_EQ(result.metrics.at("top1_5_labels").value, 1.0 / 3);
}

TEST(LinearTest, AConstantColumnChangesNothing) {
  const auto bank = overlapping(60, "bank"), query = overlapping(30, "query");
  const auto with_column = [](const Problem& p) {
    Problem wider{{}, p.labels, p.width + 1, p.classes};
    for (std::int64_t i = 0; i < p.rows(); ++i) {
      wider.features.insert(wider.features.end(), p.row(i), p.row(i) + p.width);
      wider.features.push_back(0.1);  // not exact in binary: its deviation is rounding
    }
    return wider;
  };
  const auto plain = fit(kExact + "l2 = [0.01]", input_of(bank, query));
  const auto wider = fit(kExact + "l2 = [0.01]", input_of(with_column(bank), with_column(query)));
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t d = 0; d < 4; ++d)
      EXPECT_NEAR(wider.tables.at("weights").numbers[5 * c + d],
                  plain.tables.at("weights").numbers[4 * c + d], 1e-6);
    EXPECT_NEAR(wider.tables.at("weights").numbers[5 * c + 4], 0, 1e-6);
  }
}

std::string refusal(const EvaluationInput& input) {
  try {
    fit("labels_per_class = [0]", input);
  } catch (const Error& e) {
    return e.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

TEST(LinearTest, NumbersThatAreNotFiniteAreRefusedWithTheirPlace) {
  auto input = input_of(overlapping(30, "bank"), overlapping(30, "query"));
  input.query.numbers[6] = std::numeric_limits<double>::infinity();
  EXPECT_EQ(refusal(input),
            "org.kith.linear: evaluate: features must be finite, got inf in row 1, column 2 of the "
            "query");
  input.bank.numbers[0] = std::nan("");
  EXPECT_EQ(refusal(input),
            "org.kith.linear: evaluate: features must be finite, got nan in row 0, column 0 of the "
            "bank");
}

TEST(LinearTest, LabelsOutsideTheClassesAreRefused) {
  auto input = input_of(overlapping(30, "bank"), overlapping(30, "query"));
  input.query_labels[4] = 3;
  EXPECT_EQ(refusal(input),
            "org.kith.linear: evaluate: labels of the query must be in [0, 3), got 3 in row 4");
  input.bank_labels[7] = -1;
  EXPECT_EQ(refusal(input),
            "org.kith.linear: evaluate: labels of the bank must be in [0, 3), got -1 in row 7");
}

TEST(LinearTest, MissingLabelsAndUnequalWidthsAreRefused) {
  auto input = input_of(overlapping(30, "bank"), overlapping(30, "query"));
  input.query_labels.clear();
  EXPECT_EQ(refusal(input),
            "org.kith.linear: evaluate: wanted labels of the bank and of the queries, got none of "
            "the queries");
  EXPECT_EQ(refusal(input_of(overlapping(30, "bank"), one_hot(9, 3))),
            "org.kith.linear: evaluate: bank and query must have equal D, got bank [30, 4], query "
            "[9, 3]");
}

}  // namespace
}  // namespace kith
