// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <kith/error.hpp>
#include <map>
#include <sstream>

#include "conformance/check.h"
#include "conformance/numbers.h"

namespace kith::conformance {
namespace {

using harness::Compute;
using harness::LossHarness;
using harness::Named;

/// Sizes of the letters of symbolic shapes.
using Sizes = std::map<char, std::int64_t>;

/// Few rows: the first dimension of each input has two.
const Sizes kSmallest{{'N', 1}, {'C', 2}};
/// Sizes of which no two are equal, and none is a power of two.
const Sizes kOdd{{'N', 3}, {'C', 5}, {'K', 7}, {'P', 6}, {'M', 9}, {'T', 11}, {'D', 13}};

/// As kOdd, with more rows.
const Sizes kMoreRows{{'N', 4}, {'C', 5}, {'K', 7}, {'P', 6}, {'M', 9}, {'T', 11}, {'D', 13}};

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
      make_unit_rows(values);
    }
    inputs[part.name] = std::move(values);
  }
  return inputs;
}

/// The inputs with all real numbers the same; unit rows stay unit rows.
Named constant_inputs(const harness::Plugin& loss, const Sizes& sizes, double value) {
  auto inputs = inputs_of(loss, sizes);
  for (const auto& part : loss.inputs) {
    if (part.has("int64") || (part.has("unit_rows") && value == 0)) continue;
    for (auto& x : inputs[part.name].numbers) x = value;
    if (part.has("unit_rows")) make_unit_rows(inputs[part.name]);
  }
  return inputs;
}

void expect_finite(const harness::LossResult& result, Findings& f) {
  f.expect_finite(result.loss, "the loss");
  for (const auto& [name, gradient] : result.gradients)
    f.expect_finite(gradient, "the gradient of " + name);
}

void is_finite_at_option_ends(const Subject& s, Findings& f) {
  const auto tables = s.tables();
  double most = 0;
  std::string too_small;
  for (const auto& table : tables) {
    for (const auto compute : {Compute::kFloat32, Compute::kFloat64}) {
      for (const auto* sizes : {&kSmallest, &kOdd}) {
        const auto inputs = inputs_of(s.plugin, *sizes);
        f.about(table + (compute == Compute::kFloat32 ? ", float32" : ", float64") + ", " +
                shape_text(inputs.begin()->second.shape));
        try {
          const auto result = LossHarness(table, {.compute = compute}).run(inputs);
          expect_finite(result, f);
          most = std::max(most, largest(result.loss));
        } catch (const ShapeError& e) {
          if (sizes == &kOdd) throw;
          too_small = e.what();  // a loss over pairs of images needs two
        }
      }
    }
  }
  f.measured(std::to_string(tables.size()) + " settings x 2 dtypes x 2 batches");
  f.measured("largest loss " + number_text(most));
  if (!too_small.empty()) f.measured("the smallest batch is refused: " + too_small);
}

void is_finite_on_zero_rows(const Subject& s, Findings& f) {
  const auto result = LossHarness(s.plugin.id).run(constant_inputs(s.plugin, kOdd, 0));
  expect_finite(result, f);
  f.measured("loss " + number_text(result.loss.number()));
}

void is_at_chance_on_equal_rows(const Subject& s, Findings& f) {
  Worst worst;
  for (const auto& sizes : {kOdd, kMoreRows}) {
    for (const auto& table : s.tables()) {
      f.about(table);
      const auto result = LossHarness(table, {.compute = Compute::kFloat64})
                              .run(constant_inputs(s.plugin, sizes, 1));
      if (!result.chance_value) return f.skip("it has no chance value");
      const double chance = *result.chance_value;
      f.expect(worst.add(result.loss.number(), chance) <= 1e-9 * (1 + chance),
               "the loss of equal rows must be its chance value " + number_text(chance) + ", got " +
                   number_text(result.loss.number()));
    }
  }
  f.measured("largest difference " + number_text(worst.difference()));
}

/// Of the settings those at the defaults and at each choice: at the ends of a range curvature has
/// no bound.
bool bounded_curvature(const Subject& s, const std::string& table) {
  return table == s.plugin.id || table.find('"', table.find(", ")) != std::string::npos;
}

void has_the_gradient_of_its_value(const Subject& s, Findings& f) {
  // The error of a central difference is about 1e-10, relative to the third derivative.
  constexpr double kStep = 1e-5, kTolerance = 1e-6;
  Worst worst;
  std::size_t count = 0;
  for (const auto& table : s.tables()) {
    if (!bounded_curvature(s, table)) continue;
    f.about(table);
    LossHarness loss(table, {.compute = Compute::kFloat64});
    const auto inputs = inputs_of(s.plugin, kOdd);
    const auto exact = loss.run(inputs);
    for (const auto& [name, gradient] : exact.gradients) {
      const double scale = 1 + largest(gradient);
      for (std::size_t i = 0; i < gradient.numbers.size(); ++i, ++count) {
        auto moved = inputs;
        auto& x = moved[name].numbers[i];
        x += kStep;
        const double above = loss.run(moved).loss.number();
        x -= 2 * kStep;
        const double below = loss.run(moved).loss.number();
        const double slope = (above - below) / (2 * kStep);
        f.expect(worst.add(gradient.numbers[i] / scale, slope / scale) <= kTolerance,
                 "the gradient of " + name + " at position " + std::to_string(i) + " must be " +
                     number_text(slope) + " (central difference, float64), got " +
                     number_text(gradient.numbers[i]));
      }
    }
  }
  f.about("");
  f.expect(count > 0, "no input is declared with \"gradient\", so nothing can be trained by it");
  f.measured(std::to_string(count) + " numbers");
  f.measured("largest relative error " + number_text(worst.difference()) + " of " +
             number_text(kTolerance));
}

void keeps_no_state(const Subject& s, Findings& f) {
  LossHarness loss(s.plugin.id, {.compute = Compute::kFloat64});
  const auto first = loss.run(inputs_of(s.plugin, kOdd));
  loss.run(inputs_of(s.plugin, kMoreRows));
  const auto again = loss.run(inputs_of(s.plugin, kOdd));
  f.expect_same({{"the loss", first.loss}}, {{"the loss", again.loss}}, "in a later call");
  f.expect_same(first.gradients, again.gradients, "in a later call");
  f.measured("3 calls of 2 shapes");
}

void lists_its_operators(const Subject& s, Findings& f) {
  const auto calls = harness::record_calls([&] {
    for (const auto& table : s.tables()) LossHarness(table).run(inputs_of(s.plugin, kOdd));
  });
  f.expect_listed(calls.operators, s.plugin.operators);
  f.measured(std::to_string(calls.operators.size()) + " operators");
  f.expect_no_read_back(calls);
}

void rounds_like_float32(const Subject& s, Findings& f) {
  const auto run = [&](Compute compute) {
    return LossHarness(s.plugin.id, {.compute = compute}).run(inputs_of(s.plugin, kOdd));
  };
  const double exact = run(Compute::kFloat64).loss.number();
  const double rounded = run(Compute::kFloat32).loss.number();
  const double allowed = 1e-5 * std::abs(exact) + 1e-6;
  f.expect(std::abs(rounded - exact) <= allowed,
           "in float32 the loss must be " + std::to_string(exact) + " as in float64, got " +
               std::to_string(rounded));
  f.measured("difference " + number_text(std::abs(rounded - exact)) + " of " +
             number_text(allowed));
}

constexpr Check kChecks[] = {
    {"option_ends", "finite at the ends of its options, on the smallest and an odd batch",
     is_finite_at_option_ends},
    {"zero_rows", "finite where all rows are zero", is_finite_on_zero_rows},
    {"chance_value", "at its chance value where all rows are equal", is_at_chance_on_equal_rows},
    {"gradient", "the gradient is that of the value, in float64", has_the_gradient_of_its_value},
    {"dtypes", "the same in float32 within its rounding", rounds_like_float32},
    {"no_state", "the same again, whatever was computed between", keeps_no_state},
    {"operators", "calls what its file lists, and reads nothing back", lists_its_operators},
};

}  // namespace

std::span<const Check> loss_checks() { return kChecks; }

}  // namespace kith::conformance
