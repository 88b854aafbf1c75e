// SPDX-License-Identifier: Apache-2.0
#include "tensor/gradient.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <mutex>

#include "tensor/autocast.h"
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

/// Which inputs are there: LibTorch records defined tensors alone.
class Places {
 public:
  explicit Places(at::TensorList inputs) {
    for (const auto& t : inputs) there_.push_back(t.defined());
  }
  std::size_t size() const { return there_.size(); }
  /// Of one tensor an input, those of the inputs that are there.
  variable_list select(at::TensorList all) const {
    variable_list some;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (there_[i]) some.push_back(all[i]);
    return some;
  }
  /// One tensor an input, undefined where the input is not there.
  variable_list spread(at::TensorList some) const {
    variable_list all;
    std::size_t next = 0;
    for (const bool there : there_) all.push_back(there ? some[next++] : at::Tensor());
    return all;
  }

 private:
  std::vector<bool> there_;
};

/// "org.kith.moco: backward", for the text of an error.
std::string who(const std::string& plugin, const char* call) {
  return plugin.empty() ? call : plugin + ": " + call;
}

struct Recorded {
  Recorded(std::string plugin, const kith_backward& table, at::TensorList inputs,
           variable_list outputs)
      : plugin(std::move(plugin)),
        backward(std::make_shared<Owned<kith_backward>>(table)),
        places(inputs),
        outputs(std::move(outputs)) {}
  std::string plugin;
  std::shared_ptr<Owned<kith_backward>> backward;
  Places places;
  variable_list outputs;
};

struct HandWritten : torch::autograd::Function<HandWritten> {
  static variable_list forward(AutogradContext* context, at::TensorList /*inputs*/,
                               std::shared_ptr<Recorded> recorded) {
    variable_list results;
    for (const auto& output : recorded->outputs) results.push_back(output.detach());
    recorded->outputs.clear();
    context->saved_data["recorded"] =
        c10::IValue::make_capsule(c10::make_intrusive<Box>(std::move(recorded)));
    return results;
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    const auto box = context->saved_data["recorded"].toCapsule();
    const auto& recorded = *static_cast<Box*>(box.get())->recorded;
    Handles arrived(grads);
    Handles result(recorded.places.size());
    check_plugin((*recorded.backward)
                     ->run((*recorded.backward)->self, arrived.data(), arrived.size(),
                           result.data(), result.size()),
                 who(recorded.plugin, "backward"));
    auto list = recorded.places.select(result.tensors());
    list.emplace_back();  // the table has no gradient
    return list;
  }

  struct Box : torch::CustomClassHolder {
    explicit Box(std::shared_ptr<Recorded> r) : recorded(std::move(r)) {}
    std::shared_ptr<Recorded> recorded;
  };
};

/// What a segment's second run must find as the first found it: casting, draws, and LibTorch's own
/// generators.
struct Surroundings {
  struct GeneratorState {
    at::Generator generator;
    at::Tensor state;
  };
  ForwardState forward;
  at::DeviceType device = at::kCPU;
  bool casts = false;
  at::ScalarType cast_to = at::kBFloat16;
  std::vector<GeneratorState> generators;

  static Surroundings now(at::TensorList inputs) {
    Surroundings s;
    s.forward = forward_state();
    s.generators.push_back(state_of(at::kCPU));
    for (const auto& input : inputs) {
      if (!input.is_cuda() || s.device == at::kCUDA) continue;
      s.device = at::kCUDA;
      s.generators.push_back(state_of(input.device()));
    }
    s.casts = at::autocast::is_autocast_enabled(s.device);
    s.cast_to = at::autocast::get_autocast_dtype(s.device);
    return s;
  }
  static GeneratorState state_of(at::Device device) {
    auto generator = at::globalContext().defaultGenerator(device);
    const std::lock_guard lock(generator.mutex());
    return {generator, generator.get_state()};
  }
};

/// Sets generators and puts back what was there.
class GeneratorGuard {
 public:
  explicit GeneratorGuard(const std::vector<Surroundings::GeneratorState>& states) {
    for (const auto& s : states) {
      before_.push_back(Surroundings::state_of(s.generator.device()));
      set(s);
    }
  }
  ~GeneratorGuard() {
    for (const auto& s : before_) set(s);
  }
  GeneratorGuard(const GeneratorGuard&) = delete;
  GeneratorGuard& operator=(const GeneratorGuard&) = delete;

 private:
  static void set(const Surroundings::GeneratorState& s) {
    auto generator = s.generator;
    const std::lock_guard lock(generator.mutex());
    generator.set_state(s.state);
  }
  std::vector<Surroundings::GeneratorState> before_;
};

struct SegmentBox : torch::CustomClassHolder {
  SegmentBox(const kith_segment& s, at::TensorList inputs, std::uint32_t m)
      : segment(s), plugin(current_plugin()), places(inputs), m(m) {}
  variable_list run(at::TensorList inputs, const char* call) const {
    Handles in(places.spread(inputs));
    Handles out(m);
    check_plugin(segment->run(segment->self, in.data(), in.size(), out.data(), m), call);
    return out.tensors();
  }
  Owned<kith_segment> segment;
  std::string plugin;
  Places places;
  Surroundings surroundings;
  std::uint32_t m;
};

struct Checkpointed : torch::autograd::Function<Checkpointed> {
  /// `anchor` needs a gradient, so that the segment is recorded even if only parameters inside it
  /// do.
  static variable_list forward(AutogradContext* context, const at::Tensor& /*anchor*/,
                               at::TensorList inputs, c10::intrusive_ptr<SegmentBox> box) {
    box->surroundings = Surroundings::now(inputs);
    auto outputs = box->run(inputs, "");
    forget_casts();  // those of this run have no gradient
    context->save_for_backward(inputs.vec());
    context->saved_data["segment"] = c10::IValue::make_capsule(box);
    return outputs;
  }

  /// The second run, recorded for the gradient.
  static variable_list run_again(const SegmentBox& box, at::TensorList inputs) {
    const auto& s = box.surroundings;
    auto state = s.forward;
    state.recomputing = true;
    const ForwardStateGuard forward(state);
    const GeneratorGuard generators(s.generators);
    const Autocast autocast(s.device, s.casts, s.cast_to);
    const at::AutoGradMode grad_mode(true);
    return box.run(inputs, who(box.plugin, "checkpoint, second run").c_str());
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    const auto capsule = context->saved_data["segment"].toCapsule();
    const auto& box = *static_cast<SegmentBox*>(capsule.get());
    variable_list inputs;
    for (const auto& saved : context->get_saved_variables())
      inputs.push_back(saved.detach().requires_grad_(saved.requires_grad()));
    const auto outputs = run_again(box, inputs);
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

kith_status custom_gradient(const kith_tensor* inputs, std::uint32_t n, const kith_tensor* outputs,
                            std::uint32_t m, const kith_backward* backward, kith_tensor* results) {
  return serve("custom_gradient", [&] {
    const auto all = unwrap_all(inputs, n);
    const auto recorded =
        std::make_shared<Recorded>(current_plugin(), *backward, all, unwrap_all(outputs, m));
    const auto in = recorded->places.select(all);
    const auto out = HandWritten::apply(at::TensorList(in), recorded);
    for (std::uint32_t i = 0; i < m; ++i) results[i] = wrap(out[i]);
  });
}

kith_status checkpoint_segment(const kith_tensor* inputs, std::uint32_t n,
                               const kith_segment* segment, kith_tensor* outputs, std::uint32_t m) {
  return serve("checkpoint", [&] {
    const auto all = unwrap_all(inputs, n);
    const auto box = c10::make_intrusive<SegmentBox>(*segment, all, m);
    const auto in = box->places.select(all);
    const auto anchor = at::zeros({}, at::kFloat).requires_grad_(true);
    const auto out = Checkpointed::apply(anchor, at::TensorList(in), box);
    for (std::uint32_t i = 0; i < m; ++i) outputs[i] = wrap(out[i]);
  });
}

}  // namespace kith::host
