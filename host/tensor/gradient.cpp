// SPDX-License-Identifier: Apache-2.0
#include "tensor/gradient.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <mutex>

#include "tensor/autocast.h"
#include "tensor/border.h"
#include "tensor/handle.h"
#include "tensor/recompute.h"
#include "tensor/with_backward.h"

namespace kith::host {
namespace {

using Tensors = std::vector<at::Tensor>;

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
  Tensors tensors() const {
    Tensors list;
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
  Tensors select(at::TensorList all) const {
    Tensors some;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (there_[i]) some.push_back(all[i]);
    return some;
  }
  /// One tensor an input, undefined where the input is not there.
  Tensors spread(at::TensorList some) const {
    Tensors all;
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

Tensors unwrap_all(const kith_tensor* handles, std::uint32_t n) {
  Tensors list;
  for (std::uint32_t i = 0; i < n; ++i) list.push_back(unwrap(handles[i]));
  return list;
}

struct Segment {
  /// Owns the table first: what comes after may throw.
  Segment(const kith_segment& s, const kith_tensor* inputs, std::uint32_t n, std::uint32_t m)
      : segment(s), plugin(current_plugin()), places(unwrap_all(inputs, n)), m(m) {}
  Tensors run(at::TensorList inputs, const std::string& call) const {
    Handles in(places.spread(inputs));
    Handles out(m);
    check_plugin(segment->run(segment->self, in.data(), in.size(), out.data(), m), call);
    return out.tensors();
  }

  Tensors first_run(at::TensorList inputs) {
    const at::NoGradGuard not_recorded;
    surroundings = Surroundings::now(inputs);
    auto outputs = run(inputs, "");
    forget_casts();  // those of this run have no gradient
    return outputs;
  }

  /// Recorded, for the gradient.
  Tensors run_again(at::TensorList inputs) const {
    const auto& s = surroundings;
    auto state = s.forward;
    state.recomputing = true;
    const ForwardStateGuard forward(state);
    const GeneratorGuard generators(s.generators);
    const Autocast autocast(s.device, s.casts, s.cast_to);
    const at::AutoGradMode grad_mode(true);
    return run(inputs, who(plugin, "checkpoint, second run"));
  }

  /// Gradients of the inputs. Those of parameters inside the segment are added where they are.
  Tensors backward(const Tensors& saved, const Tensors& arrived) const {
    Tensors inputs;
    for (const auto& tensor : saved)
      inputs.push_back(tensor.detach().requires_grad_(tensor.requires_grad()));
    const auto outputs = run_again(inputs);
    Tensors roots, root_grads;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (!outputs[i].requires_grad() || !arrived[i].defined()) continue;
      roots.push_back(outputs[i]);
      root_grads.push_back(arrived[i]);
    }
    if (!roots.empty()) torch::autograd::backward(roots, root_grads);
    Tensors gradients;
    for (const auto& input : inputs) gradients.push_back(input.grad());
    return gradients;
  }

  Owned<kith_segment> segment;
  std::string plugin;
  Places places;
  Surroundings surroundings;
  std::uint32_t m;
};

}  // namespace

ForwardState& forward_state() {
  thread_local ForwardState state;
  return state;
}

kith_status custom_gradient(const kith_tensor* inputs, std::uint32_t n, const kith_tensor* outputs,
                            std::uint32_t m, const kith_backward* backward, kith_tensor* results) {
  return serve("custom_gradient", [&] {
    const auto owned = std::make_shared<Owned<kith_backward>>(*backward);
    const auto all = unwrap_all(inputs, n);
    const Places places(all);
    const auto out = with_backward(
        places.select(all), {}, unwrap_all(outputs, m),
        [owned, places, plugin = current_plugin()](const Tensors&, const Tensors& grads) {
          Handles arrived(grads);
          Handles result(places.size());
          check_plugin((*owned)->run((*owned)->self, arrived.data(), arrived.size(), result.data(),
                                     result.size()),
                       who(plugin, "backward"));
          return places.select(result.tensors());
        });
    for (std::uint32_t i = 0; i < m; ++i) results[i] = wrap(out[i]);
  });
}

kith_status checkpoint_segment(const kith_tensor* inputs, std::uint32_t n,
                               const kith_segment* segment, kith_tensor* outputs, std::uint32_t m) {
  return serve("checkpoint", [&] {
    const auto owned = std::make_shared<Segment>(*segment, inputs, n, m);
    const auto in = owned->places.select(unwrap_all(inputs, n));
    const auto outputs_of_first = owned->first_run(in);
    // Needs a gradient, so that the segment is recorded even if only parameters inside it do.
    Tensors recorded{at::zeros({}, at::kFloat).requires_grad_(true)};
    recorded.insert(recorded.end(), in.begin(), in.end());
    const auto out = with_backward(recorded, in, outputs_of_first,
                                   [owned](const Tensors& saved, const Tensors& grads) {
                                     auto gradients = owned->backward(saved, grads);
                                     gradients.insert(gradients.begin(), at::Tensor());
                                     return gradients;
                                   });
    for (std::uint32_t i = 0; i < m; ++i) outputs[i] = wrap(out[i]);
  });
}

}  // namespace kith::host
