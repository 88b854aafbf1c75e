// SPDX-License-Identifier: Apache-2.0
#include "train/adam_kernel.h"

#include <ATen/Dispatch.h>

#include <cmath>
#include <cstdint>
#include <kith/cpu_variants.hpp>

#include "train/cpu_kernels.h"

namespace kith::host {
namespace {

/// The numbers of a step in the dtype of its tensors.
template <class T>
struct Factors {
  T kept;     // share of the parameter that decoupled decay leaves
  T coupled;  // decay in the gradient
  T beta1, mean_weight, beta2, square_weight;
  T rate;         // by 1 - beta1^t
  T root_factor;  // 1 / sqrt(1 - beta2^t)
  T eps;
  explicit Factors(const AdamStep& s)
      : kept(static_cast<T>(s.decoupled ? 1 - s.rate * s.decay : 1)),
        coupled(static_cast<T>(s.decoupled ? 0 : s.decay)),
        beta1(static_cast<T>(s.beta1)),
        mean_weight(static_cast<T>(1 - s.beta1)),
        beta2(static_cast<T>(s.beta2)),
        square_weight(static_cast<T>(1 - s.beta2)),
        rate(static_cast<T>(s.rate / (1 - std::pow(s.beta1, s.number)))),
        root_factor(static_cast<T>(1 / std::sqrt(1 - std::pow(s.beta2, s.number)))),
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
    const T m = f.beta1 * x.mean[i] + f.mean_weight * g;
    const T v = f.beta2 * x.square[i] + f.square_weight * g * g;
    x.mean[i] = m;
    x.square[i] = v;
    x.parameter[i] = p - f.rate * m / (std::sqrt(v) * f.root_factor + f.eps);
  });
}

KITH_CPU_VARIANTS void run(const Factors<float>& f, Walk<float> x, std::int64_t n) {
  step(f, x, n);
}
KITH_CPU_VARIANTS void run(const Factors<double>& f, Walk<double> x, std::int64_t n) {
  step(f, x, n);
}

}  // namespace

void take_step(const AdamStep& step, const at::Tensor& parameter, const at::Tensor& gradient,
               const at::Tensor& mean, const at::Tensor& square) {
  AT_DISPATCH_FLOATING_TYPES(parameter.scalar_type(), "take_step", [&] {
    const Factors<scalar_t> f(step);
    const Walk<scalar_t> all{parameter.data_ptr<scalar_t>(), gradient.const_data_ptr<scalar_t>(),
                             mean.data_ptr<scalar_t>(), square.data_ptr<scalar_t>()};
    in_pieces(parameter.numel(), [&](std::int64_t begin, std::int64_t length, std::int64_t) {
      const Walk<scalar_t> here{all.parameter + begin, all.gradient + begin, all.mean + begin,
                                all.square + begin};
      run(f, here, length);
    });
  });
  for (const auto& changed : {parameter, mean, square}) mark_changed(changed);
}

}  // namespace kith::host
