// SPDX-License-Identifier: Apache-2.0
#include "train/adam_kernel.h"

#include <ATen/Dispatch.h>

#include <cmath>
#include <cstdint>
#include <kith/cpu_variants.hpp>

#include "train/number_walk.h"

namespace kith::host {
namespace {

/// The numbers of a step in the dtype of its tensors.
template <class T>
struct Factors {
  T kept;         // share of the parameter that decoupled decay leaves
  T coupled;      // decay in the gradient
  T mean_weight;  // 1 - beta1
  T beta2, square_weight;
  T rate;  // rate / (1 - beta1^n)
  T root;  // 1 / sqrt(1 - beta2^n)
  T eps;
  Factors(const AdamStep& s, double n)
      : kept(static_cast<T>(s.decoupled ? 1 - s.rate * s.decay : 1)),
        coupled(static_cast<T>(s.decoupled ? 0 : s.decay)),
        mean_weight(static_cast<T>(1 - s.beta1)),
        beta2(static_cast<T>(s.beta2)),
        square_weight(static_cast<T>(1 - s.beta2)),
        rate(static_cast<T>(s.rate / (1 - std::pow(s.beta1, n)))),
        root(static_cast<T>(1 / std::sqrt(1 - std::pow(s.beta2, n)))),
        eps(static_cast<T>(s.eps)) {}
};

/// The same place in each of the tensors.
template <class T>
struct Walk {
  T* parameter;
  const T* gradient;
  T* mean;
  T* square;
};

template <class T>
inline __attribute__((always_inline)) void step(const Factors<T>& f, Walk<T> x, std::int64_t n) {
  for_each_number(n, [=](std::int64_t i) {
    const T p = x.parameter[i] * f.kept, g = x.gradient[i] + f.coupled * p;
    const T m = x.mean[i] + f.mean_weight * (g - x.mean[i]);
    const T v = f.beta2 * x.square[i] + f.square_weight * g * g;
    x.mean[i] = m;
    x.square[i] = v;
    x.parameter[i] = p - f.rate * m / (std::sqrt(v) * f.root + f.eps);
  });
}

KITH_CPU_VARIANTS void run(const Factors<float>& f, Walk<float> x, std::int64_t n) {
  step(f, x, n);
}
KITH_CPU_VARIANTS void run(const Factors<double>& f, Walk<double> x, std::int64_t n) {
  step(f, x, n);
}

}  // namespace

void take_step(const AdamStep& step, double n, const at::Tensor& parameter,
               const at::Tensor& gradient, const at::Tensor& mean, const at::Tensor& square) {
  AT_DISPATCH_FLOATING_TYPES(parameter.scalar_type(), "take_step", [&] {
    const Factors<scalar_t> f(step, n);
    const Walk<scalar_t> all{parameter.data_ptr<scalar_t>(), gradient.const_data_ptr<scalar_t>(),
                             mean.data_ptr<scalar_t>(), square.data_ptr<scalar_t>()};
    in_pieces(parameter.numel(), [&](std::int64_t at, std::int64_t length, std::int64_t) {
      run(f, {all.parameter + at, all.gradient + at, all.mean + at, all.square + at}, length);
    });
  });
  for (const auto& changed : {parameter, mean, square}) mark_changed(changed);
}

}  // namespace kith::host
