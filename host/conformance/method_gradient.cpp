// SPDX-License-Identifier: Apache-2.0
#include "conformance/method_gradient.h"

#include <algorithm>
#include <cmath>
#include <kith/error.hpp>
#include <limits>

#include "conformance/method_subject.h"
#include "conformance/numbers.h"

namespace kith::conformance {
namespace {

using harness::Values;

constexpr double kGradientTolerance = 1e-4;

/// A step with its gradients, and the loss of the same step with other parameters.
struct GradientSubject {
  GradientSubject(const Subject& s, const std::string& table, std::int64_t n)
      : method(table, exact(n), {{"encoder", s.encoder}}), views(batch_of(s, n)) {
    for (const auto& names : {method.buffers(), method.copies()})
      for (const auto& name : names) held.emplace(name, method.get(name));
    step = method.step_with_constants(views);
    std::erase_if(held, [&](const auto& one) {  // a queue of megabytes need not be put back
      return method.get(one.first).numbers == one.second.numbers;
    });
    for (const auto& [name, gradient] : step.gradients)
      scale = std::max(scale, std::sqrt(dot(gradient, gradient)));
  }
  static harness::Settings exact(std::int64_t n) {
    auto at = method_settings(n);
    at.compute = harness::Compute::kFloat64;
    return at;
  }
  double loss() {
    for (const auto& [name, value] : held) method.set(name, value);
    return method.loss_with_constants(views).number();
  }
  /// The slope of the loss along a direction in one parameter, by a central difference.
  double slope(const std::string& name, const Values& direction, double step_length) {
    const auto start = method.get(name);
    const auto at = [&](double distance) {
      auto moved = start;
      for (std::size_t i = 0; i < moved.numbers.size(); ++i)
        moved.numbers[i] += distance * direction.numbers[i];
      method.set(name, moved);
      return loss();
    };
    const double difference = at(step_length) - at(-step_length);
    method.set(name, start);
    return difference / (2 * step_length);
  }

  harness::MethodHarness method;
  harness::Batch views;
  harness::Named held;  ///< buffers and copies that a step moves, as it finds them
  harness::StepResult step;
  double scale = 1e-12;  ///< the greatest norm of a parameter's gradient
};

/// Of length 1, half of it random, half along the gradient: a gradient that is a little too long
/// shows, and one that turns away.
Values direction_for(const Values& gradient, const std::string& name) {
  auto direction = normal(gradient.shape, name);
  const double ratio = std::sqrt(dot(direction, direction) / (dot(gradient, gradient) + 1e-300));
  const double sign = dot(direction, gradient) < 0 ? -1 : 1;  // the two must not cancel
  for (std::size_t i = 0; i < direction.numbers.size(); ++i)
    direction.numbers[i] += sign * ratio * gradient.numbers[i];
  const double length = std::sqrt(dot(direction, direction));
  for (auto& x : direction.numbers) x /= length;
  return direction;
}

/// Parameter by parameter.
void check_gradient(const Subject& s, const std::string& table, Worst& worst, Findings& f) {
  // As for an encoder. A gradient below a thousandth of the greatest is held against that: one that
  // is 0 by rights is nothing but rounding.
  // A rectifier may bend within a step, the more so behind batch norm over few rows; not in each.
  constexpr double kSteps[] = {1e-6, 1e-7, 1e-8};
  GradientSubject g(s, table, usual_batch(s));
  for (const auto& name : g.method.parameters()) {
    const auto found = g.step.gradients.find(name);
    if (found == g.step.gradients.end()) continue;  // `gradients` tells of it
    const auto& gradient = found->second;
    const auto direction = direction_for(gradient, name);
    const double wanted = dot(gradient, direction);
    const double scale = std::max(std::sqrt(dot(gradient, gradient)), 1e-3 * g.scale);
    double got = std::nan(""), difference = std::numeric_limits<double>::infinity();
    for (const double step : kSteps) {
      const double slope = g.slope(name, direction, step);
      Worst own;
      if (own.add(wanted / scale, slope / scale) >= difference) continue;
      got = slope;
      difference = own.difference();
      if (difference <= kGradientTolerance) break;
    }
    f.expect(worst.add(difference, 0) <= kGradientTolerance,
             "along a direction the gradient of " + name + " says " + number_text(wanted) +
                 ", the loss changes by " + number_text(got) +
                 " (central difference, float64, with what is detached held)");
  }
}

}  // namespace

void has_the_gradient_of_its_loss(const Subject& s, Findings& f) {
  Worst worst;
  int choices = 0;
  check_gradient(s, s.plugin.id, worst, f);
  for (const auto& table : s.plugin.tables_at_choices) {
    f.about(table);
    try {
      check_gradient(s, table, worst, f);
      ++choices;
    } catch (const ConfigError&) {  // one that does not go with the other options' defaults
    }
  }
  f.about("");
  f.measured("each parameter along a direction, with the defaults and " + std::to_string(choices) +
             " choices");
  f.measured("largest relative error " + number_text(worst.difference()) + " of " +
             number_text(kGradientTolerance));
}

}  // namespace kith::conformance
