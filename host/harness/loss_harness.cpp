// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <deque>
#include <kith/error.hpp>

#include "harness/plugin_access.h"
#include "harness/values.h"
#include "tensor/handle.h"

namespace kith::harness {

struct LossHarness::Parts {
  at::ScalarType real;
  std::unique_ptr<host::Job> job;
  host::PluginObjectPtr plugin;
  std::vector<std::string> bound;  // inputs of the loss made last
  kith_loss_ref loss = nullptr;
};

LossHarness::LossHarness(const std::string& table, const Settings& settings)
    : parts_(new Parts{scalar_type(settings.compute),
                       make_job(settings),
                       load_plugin("loss", table),
                       {},
                       nullptr}) {}

LossHarness::~LossHarness() = default;

LossResult LossHarness::run(const Named& inputs) {
  auto& p = *parts_;
  std::vector<std::string> names;
  std::vector<at::Tensor> tensors;
  std::map<std::string, at::Tensor> with_gradient;
  for (const auto& [name, values] : inputs) {
    names.push_back(name);
    tensors.push_back(to_tensor(values, p.real));
  }
  if (p.loss == nullptr || names != p.bound) p.loss = p.job->make_loss(p.plugin, names);
  p.bound = names;
  p.job->watch(true);
  for (const auto& fact : p.plugin->facts("input")) {
    const auto found = std::find(names.begin(), names.end(), fact.name);
    if (found == names.end() || !Part{"", "", fact.flags}.has("gradient")) continue;
    auto& tensor = tensors[static_cast<std::size_t>(found - names.begin())];
    with_gradient[fact.name] = tensor.requires_grad_(true);
  }
  std::deque<host::Lent> lent;
  std::vector<kith_tensor> handles;
  for (const auto& tensor : tensors) handles.push_back(lent.emplace_back(tensor).get());
  const auto loss = host::take(host::call_loss(*p.loss, handles));
  if (loss.dim() != 0)
    throw ShapeError(p.plugin->metadata.id + ": a loss must be a 0-d tensor, got " +
                     c10::str(loss.sizes()));
  LossResult result{to_values(loss), {}, p.loss->chance_value};
  if (with_gradient.empty()) return result;
  if (!loss.requires_grad())
    throw PluginError(p.plugin->metadata.id + ": forward: the loss has no gradient");
  loss.backward();
  for (const auto& [name, tensor] : with_gradient)
    result.gradients[name] =
        to_values(tensor.grad().defined() ? tensor.grad() : at::zeros_like(tensor));
  return result;
}

}  // namespace kith::harness
