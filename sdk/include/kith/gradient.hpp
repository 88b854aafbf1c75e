// SPDX-License-Identifier: Apache-2.0
//
// A backward written by hand, and segments of the forward pass that are run again instead of kept.
#pragma once

#include <kith/operators.hpp>

namespace kith {

/// Gives `outputs`, which were computed from `inputs` under NoGrad, the gradient that `backward`
/// computes.
///
/// @param backward  callable: (std::vector<Tensor> gradients of the outputs, undefined where none
/// arrived)
///                  -> std::vector<Tensor> with one entry an input, undefined where there is none.
///                  It is kept until the graph is freed and runs on a thread of the automatic
///                  differentiation.
/// @returns the outputs, recorded for the gradient.
template <class Backward>
std::vector<Tensor> custom_gradient(std::vector<Tensor> inputs, std::vector<Tensor> outputs,
                                    Backward backward) {
  kith_backward table{};
  table.struct_size = sizeof table;
  table.self = new Backward(std::move(backward));
  table.destroy = [](void* self) { delete static_cast<Backward*>(self); };
  table.run = [](void* self, const kith_tensor* grads, std::uint32_t n, kith_tensor* out,
                 std::uint32_t m) {
    return detail::guard([&] {
      std::vector<Tensor> arrived;
      arrived.reserve(n);
      for (std::uint32_t i = 0; i < n; ++i) arrived.push_back(Tensor::borrow(grads[i]));
      std::vector<Tensor> result = (*static_cast<Backward*>(self))(std::move(arrived));
      if (result.size() != m)
        throw ShapeError("custom_gradient: backward must return one gradient an input, wanted " +
                         std::to_string(m) + ", got " + std::to_string(result.size()));
      for (std::uint32_t i = 0; i < m; ++i) out[i] = result[i].give();
    });
  };
  std::vector<Tensor> recorded(outputs.size());
  detail::check(
      detail::tensors().custom_gradient(reinterpret_cast<const kith_tensor*>(inputs.data()),
                                        static_cast<std::uint32_t>(inputs.size()),
                                        reinterpret_cast<const kith_tensor*>(outputs.data()),
                                        static_cast<std::uint32_t>(outputs.size()), &table,
                                        reinterpret_cast<kith_tensor*>(recorded.data())));
  return recorded;
}

/// Runs `segment` without keeping its intermediate values; the backward pass runs it again. The
/// second run draws the same random numbers and leaves running averages alone.
///
/// @param segment  callable: (const std::vector<Tensor>& inputs) -> Tensor. All tensors that need a
/// gradient and are not
///                 parameters must be among the inputs.
template <class Segment>
Tensor checkpoint(std::vector<Tensor> inputs, Segment segment) {
  kith_segment table{};
  table.struct_size = sizeof table;
  table.self = new Segment(std::move(segment));
  table.destroy = [](void* self) { delete static_cast<Segment*>(self); };
  table.run = [](void* self, const kith_tensor* in, std::uint32_t n, kith_tensor* out,
                 std::uint32_t) {
    return detail::guard([&] {
      std::vector<Tensor> given;
      given.reserve(n);
      for (std::uint32_t i = 0; i < n; ++i) given.push_back(Tensor::borrow(in[i]));
      out[0] = (*static_cast<Segment*>(self))(given).give();
    });
  };
  kith_tensor out = nullptr;
  detail::check(detail::tensors().checkpoint(reinterpret_cast<const kith_tensor*>(inputs.data()),
                                             static_cast<std::uint32_t>(inputs.size()), &table,
                                             &out, 1));
  return Tensor::adopt(out);
}

}  // namespace kith
