// SPDX-License-Identifier: Apache-2.0
#include "tensor/gradient.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "tensor/border.h"
#include "tensor/handle.h"
#include "tensor/recompute.h"

namespace kith::host {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Owns a plugin's table of a backward or a segment, and destroys what it points at.
template <class Table>
class Owned {
 public:
  explicit Owned(const Table& table) : table_(table) {}
  ~Owned() {
    if (table_.destroy != nullptr) table_.destroy(table_.self);
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  const Table* operator->() const { return &table_; }

 private:
  Table table_;
};

/// Tensors as handles for one call into a plugin.
class Handles {
 public:
  explicit Handles(at::TensorList tensors) {
    for (const auto& t : tensors) handles_.push_back(wrap(t));
  }
  explicit Handles(std::size_t n) : handles_(n, nullptr) {}
  ~Handles() {
    for (auto* h : handles_) release(h);
  }
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;
  kith_tensor* data() { return handles_.data(); }
  std::uint32_t size() const { return static_cast<std::uint32_t>(handles_.size()); }
  variable_list tensors() const {
    variable_list list;
    for (auto* h : handles_) list.push_back(unwrap(h));
    return list;
  }

 private:
  std::vector<kith_tensor> handles_;
};

struct Recorded {
  std::shared_ptr<Owned<kith_backward>> backward;
  variable_list outputs;
};

struct HandWritten : torch::autograd::Function<HandWritten> {
  static variable_list forward(AutogradContext* context, at::TensorList inputs, std::shared_ptr<Recorded> recorded) {
    variable_list results;
    for (const auto& output : recorded->outputs) results.push_back(output.detach());
    recorded->outputs.clear();
    context->saved_data["n"] = static_cast<std::int64_t>(inputs.size());
    context->saved_data["recorded"] = c10::IValue::make_capsule(c10::make_intrusive<Box>(std::move(recorded)));
    return results;
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    const auto n = static_cast<std::size_t>(context->saved_data["n"].toInt());
    const auto box = context->saved_data["recorded"].toCapsule();
    const auto& recorded = *static_cast<Box*>(box.get())->recorded;
    Handles arrived(grads);
    Handles result(n);
    check_plugin((*recorded.backward)->run((*recorded.backward)->self, arrived.data(), arrived.size(), result.data(),
                                           result.size()),
                 "backward");
    auto list = result.tensors();
    list.emplace_back();  // the table has no gradient
    return list;
  }

  struct Box : torch::CustomClassHolder {
    explicit Box(std::shared_ptr<Recorded> r) : recorded(std::move(r)) {}
    std::shared_ptr<Recorded> recorded;
  };
};

using Segment = Owned<kith_segment>;

variable_list run_segment(const Segment& segment, at::TensorList inputs, std::uint32_t m, const char* who) {
  Handles in(inputs);
  Handles out(m);
  check_plugin(segment->run(segment->self, in.data(), in.size(), out.data(), m), who);
  return out.tensors();
}

struct SegmentBox : torch::CustomClassHolder {
  SegmentBox(std::shared_ptr<Segment> s, ForwardState state, std::uint32_t m) : segment(std::move(s)), state(state), m(m) {}
  std::shared_ptr<Segment> segment;
  ForwardState state;
  std::uint32_t m;
};

struct Checkpointed : torch::autograd::Function<Checkpointed> {
  /// `anchor` needs a gradient, so that the segment is recorded even if only parameters inside it do.
  static variable_list forward(AutogradContext* context, const at::Tensor& /*anchor*/, at::TensorList inputs,
                               c10::intrusive_ptr<SegmentBox> box) {
    box->state = forward_state();
    auto outputs = run_segment(*box->segment, inputs, box->m, "checkpoint");
    context->save_for_backward(inputs.vec());
    context->saved_data["segment"] = c10::IValue::make_capsule(box);
    return outputs;
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    const auto capsule = context->saved_data["segment"].toCapsule();
    const auto& box = *static_cast<SegmentBox*>(capsule.get());
    variable_list inputs;
    for (const auto& saved : context->get_saved_variables())
      inputs.push_back(saved.detach().requires_grad_(saved.requires_grad()));

    variable_list outputs;
    {
      auto state = box.state;
      state.recomputing = true;
      const ForwardStateGuard guard(state);
      const at::AutoGradMode grad_mode(true);
      outputs = run_segment(*box.segment, inputs, box.m, "checkpoint, second run");
    }
    variable_list roots, root_grads;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (!outputs[i].requires_grad() || !grads[i].defined()) continue;
      roots.push_back(outputs[i]);
      root_grads.push_back(grads[i]);
    }
    if (!roots.empty()) torch::autograd::backward(roots, root_grads);

    variable_list result{at::Tensor()};
    for (const auto& input : inputs) result.push_back(input.grad());
    result.emplace_back();
    return result;
  }
};

variable_list unwrap_all(const kith_tensor* handles, std::uint32_t n) {
  variable_list list;
  for (std::uint32_t i = 0; i < n; ++i) list.push_back(unwrap(handles[i]));
  return list;
}

}  // namespace

ForwardState& forward_state() {
  thread_local ForwardState state;
  return state;
}

kith_status custom_gradient(const kith_tensor* inputs, std::uint32_t n, const kith_tensor* outputs, std::uint32_t m,
                            const kith_backward* backward, kith_tensor* results) {
  return serve("custom_gradient", [&] {
    auto recorded = std::make_shared<Recorded>();
    recorded->backward = std::make_shared<Owned<kith_backward>>(*backward);
    recorded->outputs = unwrap_all(outputs, m);
    const auto in = unwrap_all(inputs, n);
    const auto out = HandWritten::apply(at::TensorList(in), recorded);
    for (std::uint32_t i = 0; i < m; ++i) results[i] = wrap(out[i]);
  });
}

kith_status checkpoint_segment(const kith_tensor* inputs, std::uint32_t n, const kith_segment* segment,
                               kith_tensor* outputs, std::uint32_t m) {
  return serve("checkpoint", [&] {
    auto box = c10::make_intrusive<SegmentBox>(std::make_shared<Segment>(*segment), ForwardState{}, m);
    const auto in = unwrap_all(inputs, n);
    const auto anchor = at::zeros({}, at::kFloat).requires_grad_(true);
    const auto out = Checkpointed::apply(anchor, at::TensorList(in), box);
    for (std::uint32_t i = 0; i < m; ++i) outputs[i] = wrap(out[i]);
  });
}

}  // namespace kith::host
