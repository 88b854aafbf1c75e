// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace kith::host {

/// From what was saved and the gradients that arrive at the outputs (undefined where none does; one
/// at least is there) to one gradient an input, undefined where it has none. Runs on the thread
/// that goes backward, and is recorded only where a gradient of the gradient was asked for.
using Backward = std::function<std::vector<at::Tensor>(const std::vector<at::Tensor>& saved,
                                                       const std::vector<at::Tensor>& arrived)>;

/// Gives tensors that were found without being recorded a backward of their own. [any thread]
///
/// The one place that LibTorch's autograd::Function, whose header is dear to compile, is used.
/// @param inputs   defined tensors: what `outputs` were found from and what has a gradient.
/// @param saved    what the backward needs; a change in place before it runs is LibTorch's error,
///                 and so is a second backward: what was saved is let go with the graph.
/// @param outputs  real tensors.
/// @return `outputs`, recorded as coming from `inputs` if one of these needs a gradient.
std::vector<at::Tensor> with_backward(const std::vector<at::Tensor>& inputs,
                                      const std::vector<at::Tensor>& saved,
                                      const std::vector<at::Tensor>& outputs, Backward backward);

}  // namespace kith::host
