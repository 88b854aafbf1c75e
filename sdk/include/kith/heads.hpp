// SPDX-License-Identifier: Apache-2.0
//
// Projection and prediction heads: linear layers, and what stands between them.
#pragma once

#include <cstdint>
#include <kith/nn.hpp>
#include <memory>

namespace kith::nn {

/// What stands behind the last layer of a head.
enum class LastNorm {
  kNone,
  kScale,  // batch norm with a scale and no shift (SimCLR)
  kPlain,  // batch norm without either (SimSiam, MoCo v3)
};

/// The form of a head. Inner layers have a ReLU, the last has none.
struct Head {
  std::int64_t layers = 2;  // 0: rows pass unchanged
  std::int64_t inner = 0;   // width of the inner layers; 0: that of the input
  std::int64_t out = 128;
  bool inner_bias = false;
  bool inner_norm = true;  // batch norm before the ReLU
  bool last_bias = false;
  LastNorm last_norm = LastNorm::kNone;

  /// Layers with a bias each and no batch norm. [any thread]
  static constexpr Head plain(std::int64_t layers, std::int64_t out) {
    return {
        .layers = layers, .out = out, .inner_bias = true, .inner_norm = false, .last_bias = true};
  }
  /// Of the rows that come out, for rows of width `in`.
  std::int64_t width(std::int64_t in) const { return layers > 0 ? out : in; }
};

/// What Setup::head takes: makes a head for rows of width `in`, its layers named as PyTorch's
/// Sequential names them.
///   projector_(setup.head("projector", nn::head(encoder_.width(), {.layers = 1, .last_bias =
///   true})))
inline auto head(std::int64_t in, Head form) {
  return [in, form](const Scope& s) {
    auto net = std::make_unique<Sequential>(s);
    auto width = in;
    for (std::int64_t layer = 1; layer < form.layers; ++layer) {
      const auto inner = form.inner > 0 ? form.inner : in;
      net->add<Linear>(width, inner, Linear::Options{.bias = form.inner_bias});
      if (form.inner_norm) net->add<BatchNorm1d>(inner);
      net->add<ReLU>();
      width = inner;
    }
    if (form.layers > 0) {
      net->add<Linear>(width, form.out, Linear::Options{.bias = form.last_bias});
      if (form.last_norm != LastNorm::kNone)
        net->add<BatchNorm1d>(
            form.out,
            BatchNorm::Options{.scale = form.last_norm == LastNorm::kScale, .shift = false});
    }
    return net;
  };
}

}  // namespace kith::nn
