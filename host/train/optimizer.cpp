// SPDX-License-Identifier: Apache-2.0
#include "train/optimizer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <kith/error.hpp>
#include <sstream>
#include <utility>

#include "train/cpu_kernels.h"
#include "train/optimizer_state.h"

namespace kith::host {
namespace {

/// `wanted` reads as "must be in [0, 1)".
void require(bool ok, const char* key, const char* wanted, double value) {
  if (ok) return;
  std::ostringstream text;
  text << "optimizer: " << key << " must be " << wanted << ", got " << value << " (optimizer."
       << key << ")";
  throw ConfigError(text.str());
}

bool has_momentum(OptimizerKind kind) {
  return kind == OptimizerKind::kSgd || kind == OptimizerKind::kLars ||
         kind == OptimizerKind::kLarc;
}

bool is_fraction(double value) { return value >= 0 && value < 1; }

/// The strides of dimensions of size 1 say nothing.
bool has_layout_of(const at::Tensor& parameter, const at::Tensor& tensor) {
  for (std::int64_t i = 0; i < parameter.dim(); ++i) {
    if (parameter.size(i) != 1 && parameter.stride(i) != tensor.stride(i)) return false;
  }
  return true;
}

/// The kernels and the fused operators walk raw memory: all tensors of a parameter need its layout.
/// Autograd gives a gradient its parameter's layout nearly always, so this rarely copies.
at::Tensor in_layout_of(const at::Tensor& parameter, const at::Tensor& tensor) {
  if (has_layout_of(parameter, tensor)) return tensor;
  return at::empty_like(parameter).copy_(tensor);
}

}  // namespace

void check_optimizer(const OptimizerSpec& spec) {
  require(spec.weight_decay >= 0, "weight_decay", ">= 0", spec.weight_decay);
  if (has_momentum(spec.kind)) {
    require(is_fraction(spec.sgd_momentum), "sgd_momentum", "in [0, 1)", spec.sgd_momentum);
  } else {
    require(is_fraction(spec.beta1), "beta1", "in [0, 1)", spec.beta1);
    require(is_fraction(spec.beta2), "beta2", "in [0, 1)", spec.beta2);
  }
  if (!has_momentum(spec.kind) || spec.kind == OptimizerKind::kLarc) {
    require(spec.eps > 0, "eps", "> 0", spec.eps);
  }
  if (has_momentum(spec.kind) && spec.nesterov) {
    require(spec.sgd_momentum > 0, "sgd_momentum", "> 0 with nesterov", spec.sgd_momentum);
  }
  if (spec.kind == OptimizerKind::kLars || spec.kind == OptimizerKind::kLarc) {
    require(spec.trust > 0, "trust", "> 0", spec.trust);
  }
}

std::unique_ptr<Optimizer> make_optimizer(const OptimizerSpec& spec) {
  check_optimizer(spec);
  switch (spec.kind) {
    case OptimizerKind::kSgd:
      return make_sgd(spec);
    case OptimizerKind::kAdam:
      return make_adam(spec, /*decoupled=*/false);
    case OptimizerKind::kAdamW:
      return make_adam(spec, /*decoupled=*/true);
    case OptimizerKind::kLars:
      return make_lars(spec);
    case OptimizerKind::kLarc:
      return make_larc(spec);
  }
  TORCH_CHECK(false, "make_optimizer: no such kind");
}

Optimizer::Optimizer(std::vector<StateField> fields) : fields_(std::move(fields)) {}

Optimizer::~Optimizer() = default;

void Optimizer::add_parameter(std::string name, const at::Tensor& parameter,
                              const ParameterTreatment& treatment) {
  TORCH_CHECK(parameter.defined() && parameter.is_floating_point() && parameter.is_leaf() &&
                  parameter.is_non_overlapping_and_dense(),
              "optimizer: parameter '", name, "' must be a dense floating-point leaf");
  for (const Slot& slot : slots_) {
    TORCH_CHECK(slot.name != name, "optimizer: parameter '", name, "' was added twice");
    TORCH_CHECK(!slot.parameter.is_same(parameter), "optimizer: parameter '", name,
                "' is the same tensor as '", slot.name, "'");
  }
  const at::NoGradGuard no_grad;
  Slot slot{std::move(name), parameter, treatment, /*frozen=*/false, {}};
  for (const StateField& field : fields_) {
    slot.state.push_back(field.is_count ? at::zeros({}, parameter.options().dtype(at::kFloat))
                                        : at::zeros_like(parameter));
  }
  slots_.push_back(std::move(slot));
}

void Optimizer::set_frozen(std::string_view name, bool frozen) {
  auto slot = std::find_if(slots_.begin(), slots_.end(), [&](auto& s) { return s.name == name; });
  TORCH_CHECK(slot != slots_.end(), "optimizer: no parameter '", name, "'");
  slot->frozen = frozen;
}

std::vector<at::Tensor> Optimizer::trained_parameters() const {
  std::vector<at::Tensor> parameters;
  for (const Slot& slot : slots_) {
    if (!slot.frozen) parameters.push_back(slot.parameter);
  }
  return parameters;
}

std::vector<std::string> Optimizer::trained_names() const {
  std::vector<std::string> names;
  for (const Slot& slot : slots_) {
    if (!slot.frozen) names.push_back(slot.name);
  }
  return names;
}

std::vector<Optimizer::Batch> Optimizer::make_batches(double learning_rate, double base_lr) {
  std::vector<Batch> batches;
  for (Slot& slot : slots_) {
    const at::Tensor& gradient = slot.parameter.grad();
    if (slot.frozen || !gradient.defined()) continue;
    auto alike = [&](const Batch& batch) {
      const at::Tensor& first = batch.parameters.front();
      return batch.treatment == slot.treatment && first.device() == slot.parameter.device() &&
             first.scalar_type() == slot.parameter.scalar_type();
    };
    auto batch = std::find_if(batches.begin(), batches.end(), alike);
    if (batch == batches.end()) {
      batch = batches.emplace(batches.end());
      batch->treatment = slot.treatment;
      batch->learning_rate =
          (slot.treatment.constant_lr ? base_lr : learning_rate) * slot.treatment.lr_factor;
      batch->state.resize(fields_.size());
    }
    batch->parameters.push_back(slot.parameter);
    batch->gradients.push_back(in_layout_of(slot.parameter, gradient));
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (!fields_[i].is_count) slot.state[i] = in_layout_of(slot.parameter, slot.state[i]);
      batch->state[i].push_back(slot.state[i]);
    }
  }
  return batches;
}

void Optimizer::put_back_where_skipped(Batch& batch, const std::function<void()>& update) {
  if (!batch.skip.defined()) return update();
  auto moved = batch.parameters;
  for (const auto& field : batch.state) moved.insert(moved.end(), field.begin(), field.end());
  std::vector<at::Tensor> before;
  for (const auto& tensor : moved) before.push_back(tensor.clone());
  update();
  const auto skipped = batch.skip.eq(1);
  for (std::size_t i = 0; i < moved.size(); ++i)
    at::where_out(moved[i], skipped, before[i], moved[i]);
}

void Optimizer::update(Batch& batch) const {
  if (!has_cpu_kernels(batch.parameters.front())) return update_by_operators(batch);
  if (batch.skip.defined() && batch.skip.item<float>() == 1) return;  // on the CPU: no wait
  for (std::size_t i = 0; i < batch.parameters.size(); ++i) update_one(batch, i);
}

void Optimizer::step(double learning_rate, double base_lr, const at::Tensor& skip) {
  const at::NoGradGuard no_grad;
  for (Batch& batch : make_batches(learning_rate, base_lr)) {
    batch.skip = skip;
    update(batch);
  }
}

void Optimizer::step(double learning_rate, double base_lr) { step(learning_rate, base_lr, {}); }

void Optimizer::clear_gradients() {
  for (Slot& slot : slots_) slot.parameter.mutable_grad().reset();
}

void Optimizer::for_each_state(
    const std::function<void(const std::string& name, at::Tensor& state)>& visit) {
  for (Slot& slot : slots_) {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      visit(slot.name + "." + fields_[i].name, slot.state[i]);
    }
  }
}

std::vector<ParameterGroup> Optimizer::groups() const {
  std::vector<TreatedParameter> parameters;
  for (const Slot& slot : slots_) parameters.push_back({slot.name, slot.treatment});
  return group_parameters(parameters);
}

}  // namespace kith::host
