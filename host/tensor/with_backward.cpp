// SPDX-License-Identifier: Apache-2.0
#include "tensor/with_backward.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace kith::host {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Held : torch::CustomClassHolder {
  Held(Backward b, std::size_t n) : backward(std::move(b)), inputs(n) {}
  Backward backward;
  std::size_t inputs;
};

struct WithBackward : torch::autograd::Function<WithBackward> {
  static variable_list forward(AutogradContext* context, at::TensorList /*inputs*/,
                               const variable_list* saved, const variable_list* outputs,
                               const c10::intrusive_ptr<Held>& held) {
    context->save_for_backward(*saved);
    context->set_materialize_grads(false);
    context->saved_data["held"] = c10::IValue::make_capsule(held);
    variable_list results;
    for (const auto& output : *outputs) results.push_back(output.detach());
    return results;
  }

  static variable_list backward(AutogradContext* context, const variable_list& arrived) {
    const auto capsule = context->saved_data["held"].toCapsule();
    const auto& held = *static_cast<Held*>(capsule.get());
    variable_list gradients;
    if (std::any_of(arrived.begin(), arrived.end(), [](const auto& g) { return g.defined(); }))
      gradients = held.backward(context->get_saved_variables(), arrived);
    gradients.resize(held.inputs + 3);  // with what is no tensor
    return gradients;
  }
};

}  // namespace

std::vector<at::Tensor> with_backward(const std::vector<at::Tensor>& inputs,
                                      const std::vector<at::Tensor>& saved,
                                      const std::vector<at::Tensor>& outputs, Backward backward) {
  return WithBackward::apply(at::TensorList(inputs), &saved, &outputs,
                             c10::make_intrusive<Held>(std::move(backward), inputs.size()));
}

}  // namespace kith::host
