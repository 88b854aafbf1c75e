// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <kith/error.hpp>
#include <memory>
#include <utility>

#include "conformance/method_gradient.h"
#include "conformance/method_subject.h"
#include "conformance/numbers.h"
#include "store/scratch_folder.h"

namespace kith::conformance {
namespace {

using harness::Batch;
using harness::MethodHarness;

void expect_finite_step(MethodHarness& method, const Batch& b, Findings& f) {
  const auto result = method.train(b);
  f.expect_finite(result.loss, "the loss");
  for (const auto& [name, gradient] : result.gradients)
    f.expect_finite(gradient, "the gradient of " + name);
  for (const auto& [name, value] : method.state()) f.expect_finite(value, name + " after the step");
}

void takes_small_and_odd_batches(const Subject& s, Findings& f) {
  const auto smallest = smallest_batch(s);
  std::string taken, refused;
  for (const auto n : {smallest, smallest + 1, smallest + 5}) {
    f.about("a batch of " + std::to_string(n));
    try {
      auto method = make_method(s, n);
      expect_finite_step(method, batch_of(s, n), f);
      taken += (taken.empty() ? "" : ", ") + std::to_string(n);
    } catch (const ConfigError& error) {
      // Its options may not fit every batch, but the smallest that it declares must be one it
      // takes.
      f.expect(n != smallest, error.what());
      refused += (refused.empty() ? "; refused: " : ", ") + std::to_string(n);
    }
  }
  f.measured("batches of " + taken + refused);
}

void is_finite_at_option_ends(const Subject& s, Findings& f) {
  const auto tables = s.tables();
  int refused = 0, drawn_in = 0;
  // With its smallest batch where the option goes with it.
  const auto tried = [&](const std::string& table, std::int64_t n) {
    std::unique_ptr<MethodHarness> method;
    try {
      method.reset(new MethodHarness(make_method(s, n, table)));  // it can't be moved
    } catch (const ConfigError&) {
      return false;
    }
    expect_finite_step(*method, batch_of(s, n), f);
    return true;
  };
  const auto taken = [&](const std::string& table) {
    f.about(table);
    return tried(table, smallest_batch(s)) || tried(table, usual_batch(s));
  };
  for (const auto& table : tables) {
    if (taken(table)) continue;
    // An end may not go with the batch, or take too much memory: then the outermost that is taken.
    const auto inside = s.plugin.tables_inside.find(table);
    if (inside != s.plugin.tables_inside.end() && std::ranges::any_of(inside->second, taken))
      ++drawn_in;
    else
      ++refused;
  }
  f.measured_settings(tables.size(), refused);
  if (drawn_in > 0) f.measured(std::to_string(drawn_in) + " of them inside a refused end");
}

void sends_gradients_everywhere(const Subject& s, Findings& f) {
  const std::int64_t n = usual_batch(s);
  auto method = make_method(s, n);
  const auto result = method.step(batch_of(s, n));
  for (const auto& name : method.parameters()) {
    const auto found = result.gradients.find(name);
    if (found == result.gradients.end())
      f.fail(name + " gets no gradient");
    else
      f.expect(largest(found->second) > 0, "the gradient of " + name + " is zero everywhere");
  }
  f.expect(method.optimised() == method.parameters(),
           "the optimiser was not given the same parameters as the method declares");
  f.measured(std::to_string(method.parameters().size()) + " parameters");
}

void lists_its_operators(const Subject& s, Findings& f) {
  // The encoder and the loss that the method names run too.
  std::set<std::string> others;
  for (const auto* kind : {"encoder", "loss"})
    for (auto& other : harness::plugins(kind)) others.merge(other.operators);
  const std::int64_t n = usual_batch(s);
  expect_operators(s, others, "3 steps", f, [&](const std::string& table) {
    auto method = make_method(s, n, table);
    for (int step = 0; step < 3; ++step) method.train(batch_of(s, n, step));
  });
}

/// A step in float32 and one in float64, from one state on one batch.
void rounds_like_float32(const Subject& s, Findings& f) {
  // Float32 through all layers, batch norm over few rows among them, and a loss that divides by a
  // small temperature; relative to the largest gradient.
  constexpr double kTolerance = 1e-3;
  const std::int64_t n = 4 * smallest_batch(s);
  auto exact = method_settings(n);
  exact.compute = harness::Compute::kFloat64;
  MethodHarness wide(s.plugin.id, exact, {{"encoder", s.encoder}});
  auto narrow = make_method(s, n);
  for (const auto& names : {narrow.parameters(), narrow.copies(), narrow.buffers()})
    for (const auto& name : names) wide.set(name, narrow.get(name));
  const auto wanted = wide.step(batch_of(s, n)), got = narrow.step(batch_of(s, n));
  double scale = 0, worst = 0;
  for (const auto& [name, gradient] : wanted.gradients) scale = std::max(scale, largest(gradient));
  const auto hold = [&](const std::string& what, double difference) {
    worst = std::max(worst, difference);
    f.expect(difference <= kTolerance, what + " in float32 differs from float64 by " +
                                           number_text(difference) + " of its size");
  };
  const double loss = wanted.loss.number();
  hold("the loss", std::abs(got.loss.number() - loss) / (1 + std::abs(loss)));
  for (const auto& [name, gradient] : wanted.gradients) {
    const auto found = got.gradients.find(name);
    if (found == got.gradients.end()) continue;  // `gradients` tells of it
    Worst own;
    own.add(found->second, gradient);
    hold("the gradient of " + name, own.difference() / (scale + 1e-12));
  }
  f.measured("largest relative difference " + number_text(worst) + " of " +
             number_text(kTolerance));
}

/// @returns  how many tensors of state there are.
std::size_t goes_on_after_save_and_load(const Subject& s, const std::string& table, Findings& f) {
  const std::int64_t n = usual_batch(s);
  const host::ScratchFolder folder;
  auto first = make_method(s, n, table);
  for (int step = 0; step < 3; ++step) first.train(batch_of(s, n, step));
  first.save(folder.path() / "checkpoints");
  auto second = make_method(s, n, table);
  for (const auto& name : second.parameters()) {  // so that nothing is right by chance
    auto values = second.get(name);
    for (auto& x : values.numbers) x = 0;
    second.set(name, values);
  }
  second.restore(folder.path() / "checkpoints");
  for (int step = 3; step < 5; ++step) {
    const auto a = first.train(batch_of(s, n, step)), b = second.train(batch_of(s, n, step));
    f.expect_same({{"the loss", a.loss}}, {{"the loss", b.loss}},
                  "in step " + std::to_string(step) + ", after save and load");
  }
  f.expect_same(first.state(), second.state(), "two steps after save and load");
  return first.state().size();
}

void goes_on_after_save_and_load(const Subject& s, Findings& f) {
  f.measured("3 steps, a checkpoint, 2 steps");
  f.measured(std::to_string(goes_on_after_save_and_load(s, s.plugin.id, f)) + " tensors of state");
  int choices = 0;
  for (const auto& table : s.plugin.tables_at_choices) {
    f.about(table);
    try {
      goes_on_after_save_and_load(s, table, f);
      ++choices;
    } catch (const ConfigError&) {  // one that does not go with the other options' defaults
    }
  }
  f.measured("the same with " + std::to_string(choices) + " choices");
}

void is_deterministic(const Subject& s, Findings& f) {
  const std::int64_t n = usual_batch(s);
  auto first = make_method(s, n), second = make_method(s, n);
  f.expect_same(first.state(), second.state(), "when it is made again");
  for (int step = 0; step < 3; ++step) {
    first.train(batch_of(s, n, step));
    second.train(batch_of(s, n, step));
  }
  f.expect_same(first.state(), second.state(), "after the same three steps");
  f.measured("3 steps twice");
}

void keeps_copies_from_the_optimiser(const Subject& s, Findings& f) {
  const std::int64_t n = usual_batch(s);
  auto method = make_method(s, n);
  const auto copies = method.copies(), optimised = method.optimised();
  if (copies.empty()) return f.skip("it has no copies");
  const auto result = method.train(batch_of(s, n));
  for (const auto& name : copies) {
    f.expect(std::count(optimised.begin(), optimised.end(), name) == 0,
             name + " is a copy's, and the optimiser has it");
    f.expect(result.gradients.count(name) == 0, name + " is a copy's, and has a gradient");
  }
  f.measured(std::to_string(copies.size()) + " parameters of copies");
}

/// The loss before the first and at the twelfth step on one batch, where all but what is trained is
/// held: what a queue, a bank or a teacher takes in, and other draws, would change the loss too.
std::pair<double, double> descend(const Subject& s, const std::string& learning_rate) {
  const std::int64_t n = 4 * smallest_batch(s);
  auto at = method_settings(n);
  at.optimizer = "kind = \"sgd\", sgd_momentum = 0, base_lr = " + learning_rate;
  MethodHarness method(s.plugin.id, at, {{"encoder", s.encoder}});
  harness::Named held;
  for (const auto& names : {method.buffers(), method.copies()})
    for (const auto& name : names) held.emplace(name, method.get(name));
  const auto step = [&] {
    method.set_step(0);
    const double loss = method.train(batch_of(s, n)).loss.number();
    for (const auto& [name, value] : held) method.set(name, value);
    return loss;
  };
  const double before = step();
  for (int i = 2; i < 12; ++i) step();
  return {before, step()};
}

void learns_on_one_batch(const Subject& s, Findings& f) {
  std::string seen;
  for (const auto* rate : {"0.05", "0.005", "0.0005"}) {
    const auto [before, after] = descend(s, rate);
    seen += (seen.empty() ? "" : ", ") + number_text(before) + " to " + number_text(after) +
            " with a learning rate of " + rate;
    if (after < before) return f.measured("loss " + seen + ", in 12 steps");
  }
  f.expect(false,
           "the loss must fall over 12 steps on one batch with all state held, went from " + seen);
}

constexpr Check kChecks[] = {
    {"batches", "a step with its smallest and with odd batches is finite",
     takes_small_and_odd_batches},
    {"option_ends", "a step at the ends of its options is finite", is_finite_at_option_ends},
    {"gradients", "sends a gradient to each trained parameter", sends_gradients_everywhere},
    {"gradient", "the gradients are those of the loss, in float64", has_the_gradient_of_its_loss},
    {"dtypes", "the same step in float32 within its rounding", rounds_like_float32},
    {"determinism", "made and trained again it is the same", is_deterministic},
    {"save_and_load", "takes the same next steps after save and load", goes_on_after_save_and_load},
    {"copies", "keeps its copies from the optimiser", keeps_copies_from_the_optimiser},
    {"learning", "learns on one batch", learns_on_one_batch},
    {"operators", "calls what its file lists, and reads nothing back in a step",
     lists_its_operators},
};

}  // namespace

std::span<const Check> method_checks() { return kChecks; }

}  // namespace kith::conformance
