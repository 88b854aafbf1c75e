// SPDX-License-Identifier: Apache-2.0
#include "tensor/with_backward.h"

#include <torch/csrc/autograd/custom_function.h>

#include <utility>

namespace kith::host {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Held : torch::CustomClassHolder {
  explicit Held(Backward b) : backward(std::move(b)) {}
  Backward backward;
};

struct WithBackward : torch::autograd::Function<WithBackward> {
  static variable_list forward(AutogradContext* context, at::TensorList /*inputs*/,
                               const variable_list* saved, const variable_list* outputs,
                               const c10::intrusive_ptr<Held>& held) {
    context->save_for_backward(*saved);
    context->saved_data["held"] = c10::IValue::make_capsule(held);
    variable_list results;
    for (const auto& output : *outputs) results.push_back(output.detach());
    return results;
  }

  static variable_list backward(AutogradContext* context, const variable_list& arrived) {
    const auto held = context->saved_data["held"].toCapsule();
    auto gradients =
        static_cast<Held*>(held.get())->backward(context->get_saved_variables(), arrived);
    gradients.resize(gradients.size() + 3);  // of what is no tensor
    return gradients;
  }
};

}  // namespace

std::vector<at::Tensor> with_backward(const std::vector<at::Tensor>& inputs,
                                      const std::vector<at::Tensor>& saved,
                                      const std::vector<at::Tensor>& outputs, Backward backward) {
  return WithBackward::apply(at::TensorList(inputs), &saved, &outputs,
                             c10::make_intrusive<Held>(std::move(backward)));
}

}  // namespace kith::host
