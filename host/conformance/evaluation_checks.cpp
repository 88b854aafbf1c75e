// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "conformance/check.h"
#include "conformance/numbers.h"

namespace kith::conformance {
namespace {

using harness::Compute;
using harness::EvaluationInput;

std::vector<std::int64_t> cyclic_labels(std::int64_t n, std::int64_t classes) {
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < n; ++i) labels.push_back(i % classes);
  return labels;
}

/// Features that say nothing about their labels; views where the plugin wants views.
EvaluationInput random_input(const Subject& s, std::int64_t bank, std::int64_t queries,
                             std::int64_t classes) {
  EvaluationInput input;
  input.classes = classes;
  if (const auto views = s.plugin.needs.find("views"); views != s.plugin.needs.end()) {
    for (int view = 0; view < std::stoi(views->second); ++view)
      input.views.push_back(normal({queries, 7}, "view " + std::to_string(view)));
    return input;
  }
  input.bank = normal({bank, 7}, "bank");
  input.bank_labels = cyclic_labels(bank, classes);
  input.query = normal({queries, 7}, "query");
  input.query_labels = cyclic_labels(queries, classes);
  return input;
}

void expect_sound(const harness::EvaluationResult& result, Findings& f) {
  f.expect(!result.metrics.empty(), "no metric was reported");
  for (const auto& [name, metric] : result.metrics) {
    f.expect(std::isfinite(metric.value),
             "the metric " + name + " must be finite, got " + number_text(metric.value));
    if (metric.unit == "fraction")
      f.expect(metric.value >= 0 && metric.value <= 1,
               "the metric " + name + " is a fraction, got " + number_text(metric.value));
  }
  for (const auto& [name, table] : result.tables) f.expect_finite(table, "the table " + name);
}

std::string metrics_text(const harness::EvaluationResult& result) {
  std::string text;
  for (const auto& [name, metric] : result.metrics)
    text += (text.empty() ? "" : ", ") + name + " " + number_text(metric.value);
  return text;
}

void reports_sound_metrics(const Subject& s, Findings& f) {
  for (const auto compute : {Compute::kFloat32, Compute::kFloat64}) {
    // More than one tile of queries of a usual size, and the smallest that says anything.
    const auto large = harness::evaluate(s.plugin.id, random_input(s, 601, 523, 11), compute);
    expect_sound(large, f);
    expect_sound(harness::evaluate(s.plugin.id, random_input(s, 8, 1, 2), compute), f);
    if (compute == Compute::kFloat32) f.measured("on noise: " + metrics_text(large));
  }
}

void is_sound_at_option_ends(const Subject& s, Findings& f) {
  const auto tables = s.tables();
  for (const auto& table : tables) {
    f.about(table);
    expect_sound(harness::evaluate(table, random_input(s, 60, 21, 7)), f);
  }
  f.measured_settings(tables.size());
}

void is_sound_on_equal_features(const Subject& s, Findings& f) {
  auto input = random_input(s, 60, 21, 7);
  for (auto* values : {&input.bank, &input.query})
    for (auto& x : values->numbers) x = 0;
  for (auto& view : input.views)
    for (auto& x : view.numbers) x = 0;
  const auto result = harness::evaluate(s.plugin.id, input);
  expect_sound(result, f);
  f.measured(metrics_text(result));
}

void gives_the_same_again(const Subject& s, Findings& f) {
  const auto first = harness::evaluate(s.plugin.id, random_input(s, 101, 50, 5));
  const auto second = harness::evaluate(s.plugin.id, random_input(s, 101, 50, 5));
  for (const auto& [name, metric] : first.metrics) {
    const auto found = second.metrics.find(name);
    f.expect(found != second.metrics.end() && found->second.value == metric.value,
             "the metric " + name + " differs in a second evaluation of the same features");
  }
  f.expect_same(first.tables, second.tables, "in a second evaluation of the same features");
  f.measured(std::to_string(first.metrics.size()) + " metrics");
}

void lists_its_operators(const Subject& s, Findings& f) {
  const auto calls = harness::record_calls([&] {
    for (const auto& table : s.tables()) harness::evaluate(table, random_input(s, 60, 21, 7));
  });
  f.expect_listed(calls.operators, s.plugin.operators);
  f.measured(std::to_string(calls.operators.size()) + " operators");
}

constexpr Check kChecks[] = {
    {"random_features", "sound metrics of random features, in float32 and float64",
     reports_sound_metrics},
    {"option_ends", "sound at the ends of its options", is_sound_at_option_ends},
    {"equal_features", "sound where all features are equal", is_sound_on_equal_features},
    {"determinism", "the same again", gives_the_same_again},
    {"operators", "calls what its file lists", lists_its_operators},
};

}  // namespace

std::span<const Check> evaluation_checks() { return kChecks; }

}  // namespace kith::conformance
