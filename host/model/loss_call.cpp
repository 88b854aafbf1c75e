// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <deque>
#include <kith/error.hpp>
#include <optional>

#include "model/job.h"
#include "tensor/autocast.h"
#include "tensor/border.h"
#include "tensor/handle.h"

namespace kith::host {
namespace {

/// The inputs of a call in their declared places; null: not given.
class LossInputs {
 public:
  LossInputs(const kith_loss_ref_s& loss, std::span<const kith_tensor> inputs)
      : handles_(loss.declared, nullptr) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const auto& value = unwrap(inputs[i]);
      handles_[loss.place[i]] = inputs[i];
      if (!value.defined()) continue;
      if (!device_) device_ = value.device().type();
      if (value.scalar_type() == at::kBFloat16 || value.scalar_type() == at::kHalf)
        handles_[loss.place[i]] = widened_.emplace_back(value.to(at::kFloat)).get();
    }
  }

  const kith_tensor* data() const { return handles_.data(); }
  std::uint32_t size() const { return static_cast<std::uint32_t>(handles_.size()); }
  at::DeviceType device() const { return device_.value_or(at::kCPU); }

 private:
  std::vector<kith_tensor> handles_;
  std::deque<Lent> widened_;
  std::optional<at::DeviceType> device_;
};

/// Keeps what guards look at.
void keep_inputs(kith_loss_ref_s& loss, std::span<const kith_tensor> inputs) {
  loss.inputs.clear();
  const auto declared = loss.plugin->facts("input");
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!unwrap(inputs[i]).defined()) continue;
    const auto& fact = declared[loss.place[i]];
    loss.inputs.push_back({fact.name, unwrap(inputs[i]).detach(), has_flag(fact, "gradient"),
                           has_flag(fact, "unit_rows")});
  }
}

}  // namespace

bool has_flag(const Fact& fact, const std::string& flag) {
  return (" " + fact.flags + " ").find(" " + flag + " ") != std::string::npos;
}

kith_tensor call_loss(kith_loss_ref_s& loss, std::span<const kith_tensor> inputs) {
  const auto& id = loss.plugin->metadata.id;
  if (inputs.size() != loss.place.size())
    throw ShapeError(id + ": wanted " + std::to_string(loss.place.size()) + " inputs, got " +
                     std::to_string(inputs.size()));
  const LossInputs given(loss, inputs);
  const Autocast no_autocast(given.device(), false, at::kFloat);
  const PluginScope scope(id);
  kith_tensor out = nullptr;
  const auto& api = loss.plugin->api<kith_loss_api>();
  check_plugin(api.forward(loss.self, given.data(), given.size(), &out), id + ": forward");
  if (!unwrap(out).defined())
    throw PluginError(id + ": forward: returned no loss, wanted a tensor with one number");
  if (!loss.watched) return out;
  loss.value = unwrap(out).detach();
  keep_inputs(loss, inputs);
  if (KITH_HAS(&api, chance_value) && api.chance_value != nullptr) {
    const auto status =
        api.chance_value(loss.self, given.data(), given.size(), &loss.chance_value.emplace());
    if (status != KITH_OK) release(out);
    check_plugin(status, id + ": chance_value");
  }
  return out;
}

}  // namespace kith::host
