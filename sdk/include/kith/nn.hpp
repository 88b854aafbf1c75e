// SPDX-License-Identifier: Apache-2.0
//
// Layers, named and initialised as PyTorch's. A layer is made in a scope and called like a
// function.
#pragma once

#include <kith/scope.hpp>
#include <memory>

namespace kith::nn {

/// What Sequential holds. [train thread]
class Module {
 public:
  Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;
  virtual ~Module() = default;
  virtual Tensor forward(const Tensor& x) const = 0;
  Tensor operator()(const Tensor& x) const { return forward(x); }
};

/// y = x W^T + b.  x [N, in] -> [N, out]. Parameters: weight [out, in], bias [out].
class Linear : public Module {
 public:
  struct Options {
    bool bias = true;
  };
  Linear(const Scope& s, std::int64_t in, std::int64_t out) : Linear(s, in, out, Options{}) {}
  Linear(const Scope& s, std::int64_t in, std::int64_t out, Options o)
      : weight(s.parameter("weight", {out, in}, init::fan_in_uniform(in), Kind::kWeight)) {
    if (o.bias) bias = s.parameter("bias", {out}, init::fan_in_uniform(in), Kind::kBias);
  }
  Tensor forward(const Tensor& x) const override { return call<"aten::linear">(x, weight, bias); }

  Tensor weight, bias;
};

/// x [N, in, H, W] -> [N, out, H', W']. Parameters: weight [out, in / groups, kernel, kernel], bias
/// [out].
class Conv2d : public Module {
 public:
  struct Options {
    std::int64_t stride = 1;
    std::int64_t padding = 0;
    bool bias = true;
    std::int64_t groups = 1;
    std::optional<kith_init> init = {};
  };
  Conv2d(const Scope& s, std::int64_t in, std::int64_t out, std::int64_t kernel)
      : Conv2d(s, in, out, kernel, Options{}) {}
  Conv2d(const Scope& s, std::int64_t in, std::int64_t out, std::int64_t kernel, Options o)
      : stride_{o.stride, o.stride}, padding_{o.padding, o.padding}, groups_(o.groups) {
    const auto fan_in = in / o.groups * kernel * kernel;
    weight = s.parameter("weight", {out, in / o.groups, kernel, kernel},
                         o.init.value_or(init::fan_in_uniform(fan_in)), Kind::kWeight);
    if (o.bias) bias = s.parameter("bias", {out}, init::fan_in_uniform(fan_in), Kind::kBias);
  }
  Tensor forward(const Tensor& x) const override {
    static constexpr std::array<std::int64_t, 2> kDilation{1, 1};
    return call<"aten::conv2d">(x, weight, bias, stride_, padding_, kDilation, groups_);
  }

  Tensor weight, bias;

 private:
  std::array<std::int64_t, 2> stride_, padding_;
  std::int64_t groups_;
};

/// Batch normalisation over dimension 1. Groups and ranks are the role's choice; see
/// kith_module_api.batch_norm. Parameters weight [C], bias [C]; buffers running_mean, running_var
/// [C]. (PyTorch's num_batches_tracked has no part in the arithmetic and is not kept;
/// load_state_dict fills it in.)
class BatchNorm : public Module {
 public:
  struct Options {
    double eps = 1e-5;
    double momentum = 0.1;  // the new value's share, as PyTorch has it
    bool scale = true;
    bool shift = true;
    double initial_scale = 1;  // 0: a residual branch that begins as nothing
  };
  BatchNorm(const Scope& s, std::int64_t channels) : BatchNorm(s, channels, Options{}) {}
  BatchNorm(const Scope& s, std::int64_t channels, Options o) : instance_(s.instance()), o_(o) {
    if (o.scale)
      weight = s.parameter("weight", {channels}, init::constant(o.initial_scale), Kind::kNormScale);
    if (o.shift) bias = s.parameter("bias", {channels}, init::constant(0), Kind::kNormShift);
    running_mean = s.buffer("running_mean", {channels}, init::constant(0));
    running_var = s.buffer("running_var", {channels}, init::constant(1));
  }
  Tensor forward(const Tensor& x) const override {
    kith_tensor out = nullptr;
    detail::check(detail::modules().batch_norm(instance_, x.handle(), weight.handle(),
                                               bias.handle(), running_mean.handle(),
                                               running_var.handle(), o_.momentum, o_.eps, &out));
    return Tensor::adopt(out);
  }

  Tensor weight, bias, running_mean, running_var;

 private:
  kith_instance instance_;
  Options o_;
};
using BatchNorm1d = BatchNorm;  // [N, C]
using BatchNorm2d = BatchNorm;  // [N, C, H, W]

/// Over the last dimension, of size `width`.
class LayerNorm : public Module {
 public:
  LayerNorm(const Scope& s, std::int64_t width, double eps = 1e-5)
      : weight(s.parameter("weight", {width}, init::constant(1), Kind::kNormScale)),
        bias(s.parameter("bias", {width}, init::constant(0), Kind::kNormShift)),
        width_{width},
        eps_(eps) {}
  Tensor forward(const Tensor& x) const override {
    return call<"aten::layer_norm">(x, width_, weight, bias, eps_);
  }

  Tensor weight, bias;

 private:
  std::array<std::int64_t, 1> width_;
  double eps_;
};

class ReLU : public Module {
 public:
  explicit ReLU(const Scope&) {}
  Tensor forward(const Tensor& x) const override { return x.relu(); }
};

/// The exact form, x Phi(x).
class GELU : public Module {
 public:
  explicit GELU(const Scope&) {}
  Tensor forward(const Tensor& x) const override { return call<"aten::gelu">(x); }
};

/// Zeros each number with the given probability while training; the draws come from the host.
class Dropout : public Module {
 public:
  Dropout(const Scope& s, double probability)
      : instance_(s.instance()), probability_(probability) {}
  Tensor forward(const Tensor& x) const override {
    kith_tensor out = nullptr;
    detail::check(detail::modules().dropout(instance_, x.handle(), probability_, &out));
    return Tensor::adopt(out);
  }

 private:
  kith_instance instance_;
  double probability_;
};

/// Layers one after the other, named "0", "1", ... as PyTorch does:
/// `net.add<nn::Linear>(512, 256, nn::Linear::Options{.bias = false})`.
class Sequential : public Module {
 public:
  explicit Sequential(Scope s) : scope_(std::move(s)) {}
  template <class M, class... Args>
  Sequential& add(Args&&... args) {
    layers_.push_back(std::make_unique<M>(scope_ / static_cast<std::int64_t>(layers_.size()),
                                          std::forward<Args>(args)...));
    return *this;
  }
  Tensor forward(const Tensor& x) const override {
    Tensor y = x;
    for (const auto& layer : layers_) y = layer->forward(y);
    return y;
  }
  const Scope& scope() const { return scope_; }

 private:
  Scope scope_;
  std::vector<std::unique_ptr<Module>> layers_;
};

inline Tensor max_pool2d(const Tensor& x, std::int64_t kernel, std::int64_t stride,
                         std::int64_t padding) {
  const std::array<std::int64_t, 2> k{kernel, kernel}, s{stride, stride}, p{padding, padding};
  return call<"aten::max_pool2d">(x, k, s, p);
}
namespace detail {
/// The mean over a grid, of rows first, then of columns. In bfloat16 it rounds once more than
/// LibTorch's.
inline Tensor mean_over_grid(const Tensor& x, std::int64_t side) {
  const auto averaged = [side](const Tensor& y, std::int64_t d) {
    const std::int64_t size = y.size(d);
    std::vector<Tensor> cells;
    for (std::int64_t i = 0; i < side; ++i) {
      const std::int64_t first = i * size / side, end = ((i + 1) * size + side - 1) / side;
      cells.push_back(y.narrow(d, first, end - first).mean(d, true));
    }
    return cat(cells, d);
  };
  return averaged(averaged(x, 2), 3);
}
}  // namespace detail

/// The mean over a grid of side x side cells: [N, C, H, W] -> [N, C, side, side].
///
/// On a GPU it is composed: LibTorch's own gradient of the mean over cells that overlap adds there
/// in an order of chance.
inline Tensor adaptive_avg_pool2d(const Tensor& x, std::int64_t side) {
  if (side == 1 || !x.is_cuda())
    return call<"aten::adaptive_avg_pool2d">(x, std::array<std::int64_t, 2>{side, side});
  return detail::mean_over_grid(x, side);
}
inline Tensor avg_pool2d(const Tensor& x, std::int64_t kernel, std::int64_t stride) {
  return call<"aten::avg_pool2d">(x, std::array<std::int64_t, 2>{kernel, kernel},
                                  std::array<std::int64_t, 2>{stride, stride});
}

}  // namespace kith::nn
