// SPDX-License-Identifier: Apache-2.0
#include "train/momentum_kernels.h"

#include <ATen/Dispatch.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <kith/cpu_variants.hpp>
#include <vector>

#include "train/cpu_kernels.h"

namespace kith::host {
namespace {

constexpr std::int64_t kSum = 512;           // numbers added up in their own dtype
constexpr std::int64_t kLanes = kKernelRun;  // partial sums of these

/// The numbers of a step in the dtype of its tensors.
template <class T>
struct Weights {
  T gradient, parameter, momentum, rate;
  explicit Weights(const MomentumStep& s)
      : gradient(static_cast<T>(s.gradient_weight)),
        parameter(static_cast<T>(s.parameter_weight)),
        momentum(static_cast<T>(s.momentum)),
        rate(static_cast<T>(s.rate)) {}
};

/// The same place in each of the tensors.
template <class T>
struct Walk {
  T* parameter;
  const T* gradient;
  T* velocity;
};

/// Adds up squares of two numbers a place, pair(i, first, second).
template <class T, class Pair>
inline __attribute__((always_inline)) void add_squares(std::int64_t n, double sums[2],
                                                       Pair&& pair) {
  for (std::int64_t begin = 0; begin < n; begin += kSum) {
    const auto end = std::min(begin + kSum, n);
    T first[kLanes] = {}, second[kLanes] = {};
    std::int64_t i = begin;
    for (; i + kLanes <= end; i += kLanes) {
      KITH_APART for (std::int64_t j = 0; j < kLanes; ++j) {
        T a, b;
        pair(i + j, a, b);
        first[j] += a * a;
        second[j] += b * b;
      }
    }
    for (; i < end; ++i) {
      T a, b;
      pair(i, a, b);
      first[0] += a * a;
      second[0] += b * b;
    }
    T one = 0, other = 0;
    for (std::int64_t j = 0; j < kLanes; ++j) {
      one += first[j];
      other += second[j];
    }
    sums[0] += static_cast<double>(one);
    sums[1] += static_cast<double>(other);
  }
}

template <class T>
inline __attribute__((always_inline)) void norms(Weights<T> w, Walk<T> x, std::int64_t n,
                                                 double sums[2]) {
  add_squares<T>(n, sums, [=](std::int64_t i, T& p, T& d) {
    p = x.parameter[i];
    d = w.gradient * x.gradient[i] + w.parameter * p;
  });
}

template <bool kNesterov, class T>
inline __attribute__((always_inline)) void whole(Weights<T> w, Walk<T> x, std::int64_t n) {
  for_each_number(n, [=](std::int64_t i) {
    const T p = x.parameter[i], d = w.gradient * x.gradient[i] + w.parameter * p;
    const T v = w.momentum * x.velocity[i] + d;
    x.velocity[i] = v;
    x.parameter[i] = p - w.rate * (kNesterov ? d + w.momentum * v : v);
  });
}

template <class T>
inline __attribute__((always_inline)) void without_velocity(Weights<T> w, Walk<T> x,
                                                            std::int64_t n) {
  for_each_number(n, [=](std::int64_t i) {
    const T p = x.parameter[i];
    x.parameter[i] = p - w.rate * (w.gradient * x.gradient[i] + w.parameter * p);
  });
}

template <bool kNesterov, class T>
inline __attribute__((always_inline)) void velocity(Weights<T> w, Walk<T> x, std::int64_t n,
                                                    double sums[2]) {
  add_squares<T>(n, sums, [=](std::int64_t i, T& p, T& s) {
    p = x.parameter[i];
    const T d = w.gradient * x.gradient[i] + w.parameter * p;
    const T v = w.momentum * x.velocity[i] + d;
    x.velocity[i] = v;
    s = kNesterov ? d + w.momentum * v : v;
  });
}

template <bool kNesterov, class T>
inline __attribute__((always_inline)) void parameter(Weights<T> w, Walk<T> x, std::int64_t n) {
  for_each_number(n, [=](std::int64_t i) {
    const T p = x.parameter[i], v = x.velocity[i];
    const T d = w.gradient * x.gradient[i] + w.parameter * p;
    x.parameter[i] = p - w.rate * (kNesterov ? d + w.momentum * v : v);
  });
}

KITH_CPU_VARIANTS void run_norms(Weights<float> w, Walk<float> x, std::int64_t n, double* sums) {
  norms(w, x, n, sums);
}
KITH_CPU_VARIANTS void run_norms(Weights<double> w, Walk<double> x, std::int64_t n, double* sums) {
  norms(w, x, n, sums);
}
KITH_CPU_VARIANTS void run_whole(Weights<float> w, Walk<float> x, std::int64_t n, bool nesterov) {
  nesterov ? whole<true>(w, x, n) : whole<false>(w, x, n);
}
KITH_CPU_VARIANTS void run_whole(Weights<double> w, Walk<double> x, std::int64_t n, bool nesterov) {
  nesterov ? whole<true>(w, x, n) : whole<false>(w, x, n);
}
KITH_CPU_VARIANTS void run_without_velocity(Weights<float> w, Walk<float> x, std::int64_t n) {
  without_velocity(w, x, n);
}
KITH_CPU_VARIANTS void run_without_velocity(Weights<double> w, Walk<double> x, std::int64_t n) {
  without_velocity(w, x, n);
}
KITH_CPU_VARIANTS void run_velocity(Weights<float> w, Walk<float> x, std::int64_t n, bool nesterov,
                                    double* sums) {
  nesterov ? velocity<true>(w, x, n, sums) : velocity<false>(w, x, n, sums);
}
KITH_CPU_VARIANTS void run_velocity(Weights<double> w, Walk<double> x, std::int64_t n,
                                    bool nesterov, double* sums) {
  nesterov ? velocity<true>(w, x, n, sums) : velocity<false>(w, x, n, sums);
}
KITH_CPU_VARIANTS void run_parameter(Weights<float> w, Walk<float> x, std::int64_t n,
                                     bool nesterov) {
  nesterov ? parameter<true>(w, x, n) : parameter<false>(w, x, n);
}
KITH_CPU_VARIANTS void run_parameter(Weights<double> w, Walk<double> x, std::int64_t n,
                                     bool nesterov) {
  nesterov ? parameter<true>(w, x, n) : parameter<false>(w, x, n);
}

/// work(a piece, its length, the piece's number); threads share the pieces.
template <class T, class Work>
void walk_pieces(const at::Tensor& parameter, const at::Tensor& gradient,
                 const at::Tensor* velocity, Work&& work) {
  const Walk<T> all{parameter.data_ptr<T>(), gradient.const_data_ptr<T>(),
                    velocity == nullptr ? nullptr : velocity->data_ptr<T>()};
  in_pieces(parameter.numel(), [&](std::int64_t begin, std::int64_t length, std::int64_t piece) {
    const Walk<T> here{all.parameter + begin, all.gradient + begin,
                       all.velocity == nullptr ? nullptr : all.velocity + begin};
    work(here, length, piece);
  });
}

/// The norms of sums of squares that work(piece, length, sums) adds up piece by piece.
template <class T, class Work>
Norms norms_in_pieces(const at::Tensor& parameter, const at::Tensor& gradient,
                      const at::Tensor* velocity, Work&& work) {
  std::vector<double> sums(static_cast<std::size_t>(2 * piece_count(parameter.numel())));
  walk_pieces<T>(parameter, gradient, velocity,
                 [&](Walk<T> here, std::int64_t n, std::int64_t piece) {
                   work(here, n, sums.data() + 2 * piece);
                 });
  double squares[2] = {0, 0};
  for (std::size_t i = 0; i < sums.size(); ++i) squares[i % 2] += sums[i];
  return {std::sqrt(squares[0]), std::sqrt(squares[1])};
}

}  // namespace

Norms norms_of(const MomentumStep& step, const at::Tensor& parameter, const at::Tensor& gradient) {
  return AT_DISPATCH_FLOATING_TYPES(parameter.scalar_type(), "norms_of", [&] {
    const Weights<scalar_t> w(step);
    return norms_in_pieces<scalar_t>(
        parameter, gradient, nullptr,
        [&](Walk<scalar_t> x, std::int64_t n, double* sums) { run_norms(w, x, n, sums); });
  });
}

void take_step(const MomentumStep& step, const at::Tensor& parameter, const at::Tensor& gradient,
               const at::Tensor& velocity) {
  AT_DISPATCH_FLOATING_TYPES(parameter.scalar_type(), "take_step", [&] {
    const Weights<scalar_t> w(step);
    walk_pieces<scalar_t>(
        parameter, gradient, &velocity,
        [&](Walk<scalar_t> x, std::int64_t n, std::int64_t) { run_whole(w, x, n, step.nesterov); });
  });
  mark_changed(parameter);
  mark_changed(velocity);
}

void take_step_without_velocity(const MomentumStep& step, const at::Tensor& parameter,
                                const at::Tensor& gradient) {
  AT_DISPATCH_FLOATING_TYPES(parameter.scalar_type(), "take_step_without_velocity", [&] {
    const Weights<scalar_t> w(step);
    walk_pieces<scalar_t>(
        parameter, gradient, nullptr,
        [&](Walk<scalar_t> x, std::int64_t n, std::int64_t) { run_without_velocity(w, x, n); });
  });
  mark_changed(parameter);
}

Norms move_velocity(const MomentumStep& step, const at::Tensor& parameter,
                    const at::Tensor& gradient, const at::Tensor& velocity) {
  mark_changed(velocity);
  return AT_DISPATCH_FLOATING_TYPES(parameter.scalar_type(), "move_velocity", [&] {
    const Weights<scalar_t> w(step);
    return norms_in_pieces<scalar_t>(parameter, gradient, &velocity,
                                     [&](Walk<scalar_t> x, std::int64_t n, double* sums) {
                                       run_velocity(w, x, n, step.nesterov, sums);
                                     });
  });
}

void move_parameter(const MomentumStep& step, const at::Tensor& parameter,
                    const at::Tensor& gradient, const at::Tensor& velocity) {
  AT_DISPATCH_FLOATING_TYPES(parameter.scalar_type(), "move_parameter", [&] {
    const Weights<scalar_t> w(step);
    walk_pieces<scalar_t>(parameter, gradient, &velocity,
                          [&](Walk<scalar_t> x, std::int64_t n, std::int64_t) {
                            run_parameter(w, x, n, step.nesterov);
                          });
  });
  mark_changed(parameter);
}

}  // namespace kith::host
