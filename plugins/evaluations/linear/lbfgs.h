// SPDX-License-Identifier: Apache-2.0
//
// L-BFGS for a convex function that is cheap along a line.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <vector>

namespace kith_linear {

using Vector = std::vector<double>;

inline double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

inline double largest(const Vector& a) {
  double most = 0;
  for (const double x : a) most = std::max(most, std::abs(x));
  return most;
}

/// A function at one place of a line.
struct LinePoint {
  double step = 0, value = 0, slope = 0;
};

/// A step that satisfies the strong Wolfe conditions (Nocedal and Wright, Numerical Optimization,
/// 2nd edition, eq. 3.7), for a convex function: the slope rises along the line, so that two places
/// with slopes of both signs hold the minimum between them.
///
/// @param at       LinePoint at(step): what the function is there.
/// @param begin    at step 0; its slope is below 0.
/// @param rounding of a value: what is higher by no more counts as equal.
/// @returns nothing where rounding, or a value that is not finite, lets no step pass.
template <class At>
std::optional<LinePoint> wolfe_step(const At& at, const LinePoint& begin, double first_step,
                                    double rounding) {
  constexpr double kDecrease = 1e-4;  // Nocedal and Wright's c1
  constexpr double kSlope = 0.9;      // and c2, as they have it for quasi-Newton methods
  constexpr int kMostLooks = 40;
  LinePoint low = begin;
  std::optional<LinePoint> high;
  double step = first_step;
  for (int look = 0; look < kMostLooks; ++look) {
    const LinePoint here = at(step);
    const bool finite = std::isfinite(here.value) && std::isfinite(here.slope);
    const bool too_high =
        !finite || here.value > begin.value + kDecrease * step * begin.slope + rounding;
    if (!too_high && std::abs(here.slope) <= -kSlope * begin.slope) return here;
    if (too_high || here.slope > 0)
      high = here;
    else
      low = here;
    if (!high) {
      // Where the slope would be 0 if it went on as from `begin` to here; at most ten times as far.
      const double bend = low.slope - begin.slope;
      const double zero = bend > 0 ? -low.slope * (low.step - begin.step) / bend : low.step * 9;
      step = low.step + std::clamp(zero, low.step, 9 * low.step);
      continue;
    }
    const double width = high->step - low.step;
    if (!(width > std::numeric_limits<double>::epsilon() * high->step)) break;
    // The secant of the slopes, kept off the ends.
    const bool usable = std::isfinite(high->slope) && high->slope > 0;
    const double share = usable ? low.slope / (low.slope - high->slope) : 0.5;
    step = low.step + width * std::clamp(share, 0.1, 0.9);
  }
  if (low.step > 0) return low;  // lower than at the beginning: the function is convex
  return std::nullopt;
}

struct LbfgsSettings {
  std::int64_t max_iterations = 200;
  double tolerance = 1e-4;  ///< the fit ends where no entry of the gradient is larger
  double precision = 0;     ///< relative rounding of the function's value
};

struct LbfgsResult {
  std::int64_t iterations = 0;
  bool converged = false;  ///< by the tolerance; else the iterations or the precision were used up
};

/// The direction -H g of limited-memory BFGS, Nocedal and Wright, Algorithm 7.4.
class LbfgsMemory {
 public:
  /// @param precondition  Vector precondition(const Vector&): a fixed symmetric positive estimate
  /// of
  ///                      the inverse Hessian, up to a factor.
  template <class Precondition>
  Vector direction(const Vector& gradient, const Precondition& precondition) const {
    Vector d = gradient;
    std::vector<double> alpha(pairs_.size());
    for (std::size_t i = pairs_.size(); i-- > 0;) {
      alpha[i] = dot(pairs_[i].moved, d) / pairs_[i].curvature;
      for (std::size_t j = 0; j < d.size(); ++j) d[j] -= alpha[i] * pairs_[i].turned[j];
    }
    d = precondition(d);
    if (!pairs_.empty()) {
      const auto& last = pairs_.back();
      const double scale = last.curvature / dot(last.turned, precondition(last.turned));
      for (auto& x : d) x *= scale;
    }
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      const double beta = dot(pairs_[i].turned, d) / pairs_[i].curvature;
      for (std::size_t j = 0; j < d.size(); ++j) d[j] += (alpha[i] - beta) * pairs_[i].moved[j];
    }
    for (auto& x : d) x = -x;
    return d;
  }
  /// A pair without curvature, which rounding makes of two equal gradients, is left out.
  void add(Vector moved, Vector turned) {
    const double curvature = dot(moved, turned);
    if (!(curvature > 1e-14 * std::sqrt(dot(moved, moved) * dot(turned, turned)))) return;
    if (pairs_.size() == kPairs) pairs_.pop_front();
    pairs_.push_back({std::move(moved), std::move(turned), curvature});
  }
  void clear() { pairs_.clear(); }
  bool empty() const { return pairs_.empty(); }

 private:
  static constexpr std::size_t kPairs = 10;
  struct Pair {
    Vector moved, turned;  // differences of two places, and of their gradients
    double curvature;
  };
  std::deque<Pair> pairs_;
};

/// Minimises a convex function from where it stands. Deterministic.
///
/// The function has
///   double value() const;                      where it stands
///   const Vector& gradient() const;
///   Vector precondition(const Vector&) const;  see LbfgsMemory
///   void look_along(const Vector& direction);
///   LinePoint at(double step);                 on that line
///   void move(double step);                    goes there
template <class Function>
LbfgsResult minimise(Function& f, const LbfgsSettings& settings) {
  constexpr int kMostStill = 5;  // steps that bring nothing but rounding
  LbfgsResult result;
  LbfgsMemory memory;
  int still = 0;
  while (true) {
    const Vector before = f.gradient();
    result.converged = largest(before) <= settings.tolerance;
    if (result.converged || result.iterations == settings.max_iterations || still == kMostStill)
      return result;
    const Vector direction =
        memory.direction(before, [&](const Vector& v) { return f.precondition(v); });
    f.look_along(direction);
    const LinePoint begin{0, f.value(), dot(before, direction)};
    std::optional<LinePoint> found;
    if (begin.slope < 0)
      found = wolfe_step([&](double step) { return f.at(step); }, begin, 1.0,
                         settings.precision * std::abs(begin.value));
    if (!found) {
      // What was learnt of the curvature may be at fault; without it, it's the precision.
      if (memory.empty()) return result;
      memory.clear();
      continue;
    }
    still = found->value < f.value() ? 0 : still + 1;
    f.move(found->step);
    ++result.iterations;
    Vector moved = direction, turned = f.gradient();
    for (std::size_t i = 0; i < moved.size(); ++i) {
      moved[i] *= found->step;
      turned[i] -= before[i];
    }
    memory.add(std::move(moved), std::move(turned));
  }
}

}  // namespace kith_linear
