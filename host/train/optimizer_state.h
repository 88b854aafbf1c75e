// SPDX-License-Identifier: Apache-2.0
// What the kinds of optimiser share with their base class. Only the optimisers' own files include
// it: it is the one header of this folder that names LibTorch's tensor in full.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "train/optimizer.h"

namespace kith::host {

/// One parameter with its state, in the order of the kind's fields.
struct Optimizer::Slot {
  std::string name;
  at::Tensor parameter;
  ParameterTreatment treatment;
  bool frozen = false;
  std::vector<at::Tensor> state;
};

/// Parameters that have a gradient and are updated alike. The three lists run in parallel.
struct Optimizer::Batch {
  ParameterTreatment treatment;
  double learning_rate = 0;  ///< the parameter's factor included
  std::vector<at::Tensor> parameters;
  std::vector<at::Tensor> gradients;
  std::vector<std::vector<at::Tensor>> state;  ///< state[field][parameter]
  at::Tensor skip;                             ///< as of Optimizer::step

  /// The optimiser's weight decay, where these parameters have it.
  double decay_of(const OptimizerSpec& spec) const {
    return treatment.decays ? spec.weight_decay : 0;
  }
  std::optional<at::Tensor> skip_if_any() const {
    return skip.defined() ? std::optional(skip) : std::nullopt;
  }
};

/// SGD in PyTorch's arithmetic, with g the gradient, w the weight decay, m the momentum:
/// g <- g + w p; v <- m v + g, v = 0 at first; p <- p - lr v (Nesterov: p - lr (g + m v)).
std::unique_ptr<Optimizer> make_sgd(const OptimizerSpec& spec);

/// Adam (arXiv 1412.6980, Alg. 1), the decay in the gradient as PyTorch has it, or with `decoupled`
/// AdamW (arXiv 1711.05101, Alg. 2): p <- p - lr w p first, then Adam's step without decay.
std::unique_ptr<Optimizer> make_adam(const OptimizerSpec& spec, bool decoupled);

/// LARS (arXiv 1708.03888) in the forms of LarsForm, with d = g + w p. The trust ratio is 1 where a
/// norm is 0, and for a parameter that does not adapt. With nesterov, what moves p is m v + d of
/// the new v. (The published codes exempt one-dimensional tensors from decay and adaptation:
/// no_decay and no_adaptation = ["bias", "norm"].)
std::unique_ptr<Optimizer> make_lars(const OptimizerSpec& spec);

/// LARC as in SwAV (apex): d = (g + w p) r, r = trust |p| / (|g| + w |p| + eps); d = g, neither
/// scaled nor decayed, where a norm is 0; then v <- m v + d; p <- p - lr v. With clip, as in
/// solo-learn, r = min(r / lr, 1). A parameter that does not adapt has d = g + w p. (SwAV exempts
/// nothing; solo-learn's LARS exempts one-dimensional tensors from both, with trust 0.02.)
std::unique_ptr<Optimizer> make_larc(const OptimizerSpec& spec);

}  // namespace kith::host
