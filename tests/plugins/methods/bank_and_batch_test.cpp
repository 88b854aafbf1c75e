// SPDX-License-Identifier: Apache-2.0
//
// InstDisc and InvaSpread, whose embeddings may be given, against released code.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <kith/harness.hpp>
#include <map>

#include "plugins/golden_values.h"
#include "plugins/values.h"

namespace kith {
namespace {

using golden::Case;
using harness::Compute;
using harness::MethodHarness;
using harness::Values;

/// Columns [first, ...) of a matrix.
Values columns_from(const Values& x, std::int64_t first) {
  Values out{{x.shape[0], x.shape[1] - first}, {}, x.kind};
  for (std::int64_t row = 0; row < x.shape[0]; ++row)
    out.numbers.insert(out.numbers.end(), x.numbers.begin() + row * x.shape[1] + first,
                       x.numbers.begin() + (row + 1) * x.shape[1]);
  return out;
}

std::vector<std::int64_t> whole(const Values& x) { return {x.numbers.begin(), x.numbers.end()}; }

void check_bank(const Case& c, Compute compute) {
  const auto k = c.integer("K");
  const auto memory = golden::values_of(c.input("memory"));
  MethodHarness method("plugin = \"instdisc\", head_layers = 0, classifier = \"" + c.text("form") +
                           "\"" + (k > 0 ? ", negatives = " + std::to_string(k) : "") +
                           ", temperature = " + golden::exact(c.real("temperature")) +
                           ", bank_momentum = " + golden::exact(c.real("momentum")),
                       {.compute = compute,
                        .channels = memory.shape[1],
                        .height = 1,
                        .width = 1,
                        .train_images = c.integer("n_data")});
  method.set("method.memory_bank", memory);
  for (std::int64_t s = 0; s < c.integer("steps"); ++s) {
    SCOPED_TRACE("step " + std::to_string(s));
    const auto at = "_s" + std::to_string(s);
    if (k > 0)
      method.replace_draw("negatives", columns_from(golden::values_of(c.input("idx" + at)), 1));
    const auto result = method.step({.views = {golden::values_of(c.input("f" + at))},
                                     .indices = whole(golden::values_of(c.input("y" + at)))});
    golden::expect_equal(result.loss, c.output("loss" + at), golden::tolerance_of(compute));
    golden::expect_equal(result.view_gradients.at(0), c.output("grad_f" + at),
                         golden::gradient_tolerance_of(compute));
    golden::expect_equal(method.get("method.memory_bank"), c.output("state_memory" + at),
                         golden::tolerance_of(compute));
    if (c.has_output("state_Z" + at))
      golden::expect_equal(method.get("method.z"), c.output("state_Z" + at),
                           golden::tolerance_of(compute));
  }
}

void check_batch(const Case& c, Compute compute) {
  const auto f = golden::values_of(c.input("f"));
  const auto n = c.integer("batch");
  MethodHarness method(
      "plugin = \"invaspread\", head_layers = 0, loss = { plugin = "
      "\"instance_softmax\", temperature = " +
          golden::exact(c.real("temperature")) +
          ", negative_weight = " + golden::exact(c.real("negM")) + " }",
      {.compute = compute, .channels = f.shape[1], .height = 1, .width = 1});
  const auto result = method.step({.views = {rows_of(f, 0, n), rows_of(f, n, n)}});
  golden::expect_equal(result.loss, c.output("loss"), golden::tolerance_of(compute));
  auto gradient = result.view_gradients.at(0);
  const auto& second = result.view_gradients.at(1).numbers;
  gradient.numbers.insert(gradient.numbers.end(), second.begin(), second.end());
  gradient.shape = f.shape;
  golden::expect_equal(gradient, c.output("grad_f"), golden::gradient_tolerance_of(compute));
}

void check_all(const std::string& file, void (*check)(const Case&, Compute)) {
  KITH_REQUIRE_GOLDEN();
  golden::Tally tally(file);
  for (const auto& c : golden::read_cases(file)) {
    SCOPED_TRACE(c.where());
    for (const auto compute : {Compute::kFloat64, Compute::kFloat32}) check(c, compute);
    tally.check();
  }
  EXPECT_GT(tally.checked(), 0);
}

TEST(InstDiscTest, EqualsTheReleasedCode) { check_all("instdisc.h5", check_bank); }
TEST(InvaSpreadTest, EqualsTheReleasedCode) { check_all("invaspread.h5", check_batch); }

// Embeddings of zeros are as near to every row of the bank.
TEST(InstDiscTest, IsAtItsChanceValueWhereAllRowsAreAsNear) {
  const std::map<std::string, double> by_hand = {
      {"nce", std::log(6.0) + 5 * std::log(1.2)},  // -ln 1/6 - 5 ln 5/6
      {"softmax", std::log(6.0)},
      {"full", std::log(10.0)}};
  for (const auto& [classifier, chance] : by_hand) {
    SCOPED_TRACE(classifier);
    MethodHarness method(
        R"(plugin = "instdisc", head_layers = 0, negatives = 5, classifier = ")" + classifier + '"',
        {.compute = Compute::kFloat64, .channels = 3, .height = 1, .width = 1, .train_images = 10});
    const auto result =
        method.step({.views = {{{2, 3}, std::vector<double>(6, 0)}}, .indices = {1, 7}});
    ASSERT_TRUE(result.chance_value);
    EXPECT_NEAR(*result.chance_value, chance, 1e-12);
    // nce: its eps of 1e-7 beside K/n of 0.5 is left out of the chance value.
    EXPECT_NEAR(result.loss.number(), chance, 2e-6);
  }
}

TEST(InstDiscTest, DrawsTheSameNegativesForAnImageOnOneRankAndOnTwo) {
  const auto bank_after = [](const harness::Rank* rank) {
    MethodHarness method(R"(plugin = "instdisc", head_layers = 0, negatives = 5)",
                         {.compute = Compute::kFloat64,
                          .channels = 3,
                          .height = 1,
                          .width = 1,
                          .train_images = 10,
                          .rank = rank});
    const Values all{{4, 3}, {1, 2, 3, -1, 0.5, 2, 0.1, 0.2, 0.9, -2, 1, 1}};
    const std::int64_t n = rank == nullptr ? 4 : 2, first = rank == nullptr ? 0 : rank->index() * n;
    std::vector<std::int64_t> indices;
    for (std::int64_t i = 0; i < n; ++i) indices.push_back(2 * (first + i));
    const auto loss =
        method.step({.views = {rows_of(all, first, n)}, .indices = indices}).loss.number();
    return std::pair{loss, method.state()};
  };
  const auto [loss, alone] = bank_after(nullptr);
  std::array<double, 2> losses{};
  harness::on_ranks(2, [&](const harness::Rank& rank) {
    const auto [own, state] = bank_after(&rank);
    losses.at(static_cast<std::size_t>(rank.index())) = own;
    EXPECT_EQ(state.at("method.memory_bank").numbers, alone.at("method.memory_bank").numbers);
    EXPECT_NEAR(state.at("method.z").number() / alone.at("method.z").number(), 1, 1e-12);
  });
  EXPECT_NEAR((losses[0] + losses[1]) / 2, loss, 1e-12);
}

}  // namespace
}  // namespace kith
