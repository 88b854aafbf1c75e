// SPDX-License-Identifier: Apache-2.0
//
// The networks of the step benchmark, written in LibTorch's own C++ as one would without Kith, with
// the host's loss operator and SGD kernel: the benchmark is of the border.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/state.h"

namespace kith::benchmarks {

/// SimCLR's training program without Kith: its own copy of a job's tensors, SGD with momentum.
class NativeSimClr {
 public:
  /// Copies the parameters and buffers; every tensor is then found once, not by name in each step.
  explicit NativeSimClr(const host::State& state);
  virtual ~NativeSimClr() = default;

  /// One step on two views [N, C, H, W]. @returns the loss.
  at::Tensor step(const at::Tensor& view1, const at::Tensor& view2);

  double learning_rate = 0.05, sgd_momentum = 0.9, weight_decay = 1e-4, temperature = 0.1;

 protected:
  struct Norm {
    at::Tensor weight, bias, mean, var;
  };
  at::Tensor tensor(const std::string& name) const { return tensors_.at(name); }
  at::Tensor find(const std::string& name) const;
  Norm norm(const std::string& name) const;
  static at::Tensor normalise(const at::Tensor& x, const Norm& norm);

 private:
  virtual at::Tensor encode(const at::Tensor& x) const = 0;
  at::Tensor project(const at::Tensor& features) const;
  at::Tensor nt_xent(const at::Tensor& embedding) const;

  std::map<std::string, at::Tensor> tensors_;
  std::vector<at::Tensor> parameters_, momentum_;
  at::Tensor head1_, head2_;
  Norm head_norm1_, head_norm2_;
};

/// ResNet-18 with the CIFAR stem, of the width that the state has.
std::unique_ptr<NativeSimClr> make_native_resnet(const host::State& state);
/// Linear, batch norm, ReLU, `layers` times.
std::unique_ptr<NativeSimClr> make_native_mlp(const host::State& state, int layers);

}  // namespace kith::benchmarks
