// SPDX-License-Identifier: Apache-2.0
#include "native_networks.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "operators/softmax_loss.h"
#include "train/momentum_kernels.h"

namespace kith::benchmarks {

NativeSimClr::NativeSimClr(const host::State& state) {
  for (const auto& p : state.parameters()) {
    const auto& own = tensors_[p.name] = p.value.detach().clone().requires_grad_(true);
    parameters_.push_back(own);
    momentum_.push_back(at::zeros_like(own));
  }
  for (const auto& b : state.buffers()) tensors_[b.name] = b.value.clone();
  head1_ = tensor("method.projector.0.weight");
  head_norm1_ = norm("method.projector.1");
  head2_ = tensor("method.projector.3.weight");
  head_norm2_ = norm("method.projector.4");
}

at::Tensor NativeSimClr::find(const std::string& name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? at::Tensor() : found->second;
}

NativeSimClr::Norm NativeSimClr::norm(const std::string& name) const {
  return {find(name + ".weight"), find(name + ".bias"), tensor(name + ".running_mean"),
          tensor(name + ".running_var")};
}

at::Tensor NativeSimClr::normalise(const at::Tensor& x, const Norm& n) {
  return at::batch_norm(x, n.weight, n.bias, n.mean, n.var, /*training=*/true, 0.1, 1e-5,
                        /*cudnn_enabled=*/true);
}

at::Tensor NativeSimClr::project(const at::Tensor& features) const {
  const auto inner = at::relu(normalise(at::linear(features, head1_), head_norm1_));
  return normalise(at::linear(inner, head2_), head_norm2_);
}

at::Tensor NativeSimClr::nt_xent(const at::Tensor& embedding) const {
  const auto rows = embedding.size(0);
  const auto z = embedding / at::linalg_vector_norm(embedding, 2.0, {1}, true).clamp_min(1e-12);
  const auto row = at::arange(rows, at::kLong);
  const auto positive = at::roll(row, rows / 2, 0);
  return host::masked_softmax_loss(z, z, positive, row, temperature);
}

at::Tensor NativeSimClr::step(const at::Tensor& view1, const at::Tensor& view2) {
  for (auto& p : parameters_) p.mutable_grad().reset();
  const auto loss = nt_xent(project(encode(at::cat({view1, view2}))));
  loss.backward();
  const at::NoGradGuard no_grad;
  const host::MomentumStep sgd{
      .parameter_weight = weight_decay, .momentum = sgd_momentum, .rate = learning_rate};
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    host::take_step(sgd, parameters_[i], parameters_[i].grad(), momentum_[i]);
  return loss.detach();
}

namespace {

class NativeResNet : public NativeSimClr {
 public:
  explicit NativeResNet(const host::State& state)
      : NativeSimClr(state),
        stem_(tensor("encoder.conv1.weight")),
        stem_norm_(norm("encoder.bn1")) {
    for (int stage = 1; stage <= 4; ++stage)
      for (int i = 0; i < 2; ++i) {
        const auto name = "encoder.layer" + std::to_string(stage) + "." + std::to_string(i) + ".";
        Block b{tensor(name + "conv1.weight"),
                tensor(name + "conv2.weight"),
                norm(name + "bn1"),
                norm(name + "bn2"),
                find(name + "downsample.0.weight"),
                {},
                stage > 1 && i == 0 ? 2 : 1};
        if (b.shortcut.defined()) b.shortcut_norm = norm(name + "downsample.1");
        blocks_.push_back(std::move(b));
      }
  }

 private:
  struct Block {
    at::Tensor conv1, conv2;
    Norm norm1, norm2;
    at::Tensor shortcut;  // undefined where the shapes are equal
    Norm shortcut_norm;
    std::int64_t stride;
  };

  static at::Tensor run(const Block& b, const at::Tensor& x) {
    const auto y = at::relu(normalise(at::conv2d(x, b.conv1, {}, b.stride, 1), b.norm1));
    const auto z = normalise(at::conv2d(y, b.conv2, {}, 1, 1), b.norm2);
    if (!b.shortcut.defined()) return at::relu(z + x);
    return at::relu(z + normalise(at::conv2d(x, b.shortcut, {}, b.stride), b.shortcut_norm));
  }

  at::Tensor encode(const at::Tensor& x) const override {
    auto y = at::relu(normalise(at::conv2d(x, stem_, {}, 1, 1), stem_norm_));
    for (const auto& block : blocks_) y = run(block, y);
    return at::adaptive_avg_pool2d(y, {1, 1}).flatten(1);
  }

  at::Tensor stem_;
  Norm stem_norm_;
  std::vector<Block> blocks_;
};

class NativeMlp : public NativeSimClr {
 public:
  NativeMlp(const host::State& state, int layers) : NativeSimClr(state) {
    for (int i = 0; i < layers; ++i)
      layers_.emplace_back(tensor("encoder.layers." + std::to_string(3 * i) + ".weight"),
                           norm("encoder.layers." + std::to_string(3 * i + 1)));
  }

 private:
  at::Tensor encode(const at::Tensor& x) const override {
    auto y = x.flatten(1);
    for (const auto& [weight, norm] : layers_) y = at::relu(normalise(at::linear(y, weight), norm));
    return y;
  }

  std::vector<std::pair<at::Tensor, Norm>> layers_;
};

}  // namespace

std::unique_ptr<NativeSimClr> make_native_resnet(const host::State& state) {
  return std::make_unique<NativeResNet>(state);
}

std::unique_ptr<NativeSimClr> make_native_mlp(const host::State& state, int layers) {
  return std::make_unique<NativeMlp>(state, layers);
}

}  // namespace kith::benchmarks
