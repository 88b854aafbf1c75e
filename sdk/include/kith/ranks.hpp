// SPDX-License-Identifier: Apache-2.0
//
// The processes (or, in a test, threads) that train together.
#pragma once

#include <kith/abi/method.h>

#include <kith/operators.hpp>

namespace kith {

namespace detail {
inline const kith_training_api& training() {
  static const auto& api = service<kith_training_api>(KITH_TRAINING_SERVICE);
  return api;
}
}  // namespace detail

/// What one rank sees of the others. Every rank must make the same calls in the same order. [train
/// thread]
class Ranks {
 public:
  explicit Ranks(kith_instance instance) : instance_(instance) {}
  std::int32_t rank() const { return detail::training().rank(instance_); }
  std::int32_t count() const { return detail::training().ranks(instance_); }

  /// Rows of all ranks in order of rank, [N, ...] -> [ranks * N, ...]; no gradient.
  Tensor gather(const Tensor& rows) const { return gather(rows, 0); }
  /// The same with a gradient: the backward sums over ranks what arrived for this rank's rows.
  Tensor gather_with_gradient(const Tensor& rows) const { return gather(rows, 1); }
  /// The sum over ranks; no gradient.
  Tensor all_reduce_sum(const Tensor& value) const {
    kith_tensor out = nullptr;
    detail::check(detail::training().all_reduce_sum(instance_, value.handle(), &out));
    return Tensor::adopt(out);
  }

 private:
  Tensor gather(const Tensor& rows, std::int32_t gradient) const {
    kith_tensor out = nullptr;
    detail::check(detail::training().gather(instance_, rows.handle(), gradient, &out));
    return Tensor::adopt(out);
  }

  kith_instance instance_;
};

}  // namespace kith
