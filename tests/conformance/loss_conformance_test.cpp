// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <sstream>

#include "conformance/shipped_plugins.h"

namespace kith::conformance {
namespace {

using harness::Compute;
using harness::LossHarness;
using harness::Named;
using harness::Part;
using harness::Values;

/// Sizes of the letters of symbolic shapes.
using Sizes = std::map<char, std::int64_t>;

/// Few rows: the first dimension of each input has two.
const Sizes kSmallest{{'N', 1}, {'C', 2}};
/// Sizes of which no two are equal, and none is a power of two.
const Sizes kOdd{{'N', 3}, {'C', 5}, {'K', 7}, {'P', 6}, {'M', 9}, {'T', 11}, {'D', 13}};

/// "2N C" with N = 3, C = 5: [6, 5].
std::vector<std::int64_t> sizes_of(const std::string& symbols, const Sizes& sizes) {
  std::vector<std::int64_t> shape;
  std::istringstream words(symbols);
  for (std::string word; words >> word;) {
    const auto digits = word.find_first_not_of("0123456789");
    const std::int64_t factor = digits == 0 ? 1 : std::stoll(word.substr(0, digits));
    std::int64_t size = 1;
    if (digits != std::string::npos) {
      const auto found = sizes.find(word[digits]);
      size = found == sizes.end() ? 2 : found->second;
    }
    shape.push_back(factor * size);
  }
  return shape;
}

/// Rows of a matrix divided by their norm.
void normalise(Values& rows) {
  const auto width = static_cast<std::size_t>(rows.shape.back());
  for (std::size_t at = 0; at < rows.numbers.size(); at += width) {
    double sum = 0;
    for (std::size_t i = at; i < at + width; ++i) sum += rows.numbers[i] * rows.numbers[i];
    for (std::size_t i = at; i < at + width; ++i) rows.numbers[i] /= std::sqrt(sum);
  }
}

Named inputs_of(const harness::Plugin& loss, Sizes sizes) {
  // Where N counts rows itself, two of them need N = 2.
  for (const auto& part : loss.inputs)
    if (part.shape.starts_with("N")) sizes['N'] = std::max<std::int64_t>(sizes['N'], 2);
  Named inputs;
  for (const auto& part : loss.inputs) {
    auto values = normal(sizes_of(part.shape, sizes), part.name);
    if (part.has("int64")) {
      values.kind = harness::Number::kWhole;
      for (std::size_t i = 0; i < values.numbers.size(); ++i)
        values.numbers[i] = static_cast<double>(i % 2);
    } else if (part.has("unit_rows")) {
      normalise(values);
    }
    inputs[part.name] = std::move(values);
  }
  return inputs;
}

class LossConformance : public testing::TestWithParam<std::string> {
 protected:
  const harness::Plugin plugin_ = find_shipped("loss", GetParam());
  /// All options at their defaults, then each at its ends and choices.
  std::vector<std::string> tables() const {
    auto tables = plugin_.tables_at_ends;
    tables.insert(tables.begin(), plugin_.id);
    return tables;
  }
};

TEST_P(LossConformance, IsFiniteAtTheEndsOfItsOptions) {
  for (const auto& table : tables()) {
    SCOPED_TRACE(table);
    for (const auto compute : {Compute::kFloat32, Compute::kFloat64}) {
      for (const auto& sizes : {kSmallest, kOdd}) {
        LossHarness loss(table, {.compute = compute});
        const auto result = loss.run(inputs_of(plugin_, sizes));
        EXPECT_TRUE(all_finite(result.loss)) << result.loss.numbers[0];
        for (const auto& [name, gradient] : result.gradients)
          EXPECT_TRUE(all_finite(gradient)) << name;
      }
    }
  }
}

TEST_P(LossConformance, IsFiniteWhereAllRowsAreZero) {
  auto inputs = inputs_of(plugin_, kOdd);
  for (const auto& part : plugin_.inputs)
    if (!part.has("unit_rows") && !part.has("int64"))
      for (auto& x : inputs[part.name].numbers) x = 0;
  LossHarness loss(plugin_.id);
  const auto result = loss.run(inputs);
  EXPECT_TRUE(all_finite(result.loss));
  for (const auto& [name, gradient] : result.gradients) EXPECT_TRUE(all_finite(gradient)) << name;
}

TEST_P(LossConformance, IsAtChanceWhereAllRowsAreEqual) {
  for (const auto& sizes : {kSmallest, kOdd}) {
    auto inputs = inputs_of(plugin_, sizes);
    for (const auto& part : plugin_.inputs) {
      if (part.has("int64")) continue;
      auto& values = inputs[part.name];
      for (auto& x : values.numbers) x = 1;
      if (part.has("unit_rows")) normalise(values);
    }
    for (const auto& table : tables()) {
      const auto result = LossHarness(table, {.compute = Compute::kFloat64}).run(inputs);
      if (!result.chance_value) GTEST_SKIP() << plugin_.id << " has no chance value";
      EXPECT_NEAR(result.loss.number(), *result.chance_value, 1e-9 * (1 + *result.chance_value))
          << table;
    }
  }
}

TEST_P(LossConformance, HasTheGradientOfItsValue) {
  constexpr double kStep =
      1e-5;  // error of a central difference: about 1e-10 relative to the third derivative
  for (const auto& table : tables()) {
    // At the ends of a range curvature has no bound; choices are checked.
    if (table != plugin_.id && table.find('"', table.find(", ")) == std::string::npos) continue;
    SCOPED_TRACE(table);
    LossHarness loss(table, {.compute = Compute::kFloat64});
    const auto inputs = inputs_of(plugin_, kOdd);
    const auto exact = loss.run(inputs);
    for (const auto& [name, gradient] : exact.gradients) {
      for (std::size_t i = 0; i < gradient.numbers.size(); ++i) {
        auto moved = inputs;
        auto& x = moved[name].numbers[i];
        x += kStep;
        const double above = loss.run(moved).loss.number();
        x -= 2 * kStep;
        const double below = loss.run(moved).loss.number();
        EXPECT_NEAR((above - below) / (2 * kStep), gradient.numbers[i],
                    1e-6 * (1 + largest(gradient)))
            << name << " [" << i << "]";
      }
    }
  }
}

TEST_P(LossConformance, KeepsNoStateBetweenCalls) {
  LossHarness loss(plugin_.id, {.compute = Compute::kFloat64});
  const auto first = loss.run(inputs_of(plugin_, kOdd));
  loss.run(inputs_of(plugin_, kSmallest));
  EXPECT_EQ(loss.run(inputs_of(plugin_, kOdd)).loss.numbers, first.loss.numbers);
}

TEST_P(LossConformance, ListsTheOperatorsThatItCallsAndReadsNothingBack) {
  const auto calls = harness::record_calls([&] {
    for (const auto& table : tables()) LossHarness(table).run(inputs_of(plugin_, kOdd));
  });
  expect_listed(calls.operators, plugin_.operators);
  EXPECT_EQ(calls.read_backs, 0);
}

TEST_P(LossConformance, GivesTheSameInFloat32WithinItsRounding) {
  const auto run = [&](Compute compute) {
    return LossHarness(plugin_.id, {.compute = compute}).run(inputs_of(plugin_, kOdd));
  };
  const double exact = run(Compute::kFloat64).loss.number();
  EXPECT_NEAR(run(Compute::kFloat32).loss.number(), exact, 1e-5 * std::abs(exact) + 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Shipped, LossConformance, testing::ValuesIn(shipped_ids("loss")),
                         short_name);

}  // namespace
}  // namespace kith::conformance
