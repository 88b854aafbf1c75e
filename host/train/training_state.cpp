// SPDX-License-Identifier: Apache-2.0
#include "train/training_state.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <set>

#include "tensor/dtype.h"

namespace kith::host {

void for_each_training_state(Job& job, Optimizer& optimizer, OnlineProbe* probe,
                             const std::function<void(const std::string&, at::Tensor&)>& visit) {
  for (auto& p : job.state().parameters()) visit(p.name, p.value);
  for (auto& b : job.state().buffers()) visit(b.name, b.value);
  optimizer.for_each_state(
      [&](const std::string& name, at::Tensor& t) { visit("optimizer/" + name, t); });
  if (probe != nullptr)
    probe->for_each_state(
        [&](const std::string& name, at::Tensor& t) { visit(kOnlineProbeState + name, t); });
}

ArrayView TensorSnapshot::view() const {
  return {static_cast<DType>(to_kith_dtype(cpu.scalar_type())), cpu.sizes().vec(), cpu.data_ptr()};
}

TensorSnapshot snapshot(const at::Tensor& tensor) { return {tensor.detach().cpu().contiguous()}; }

std::map<std::string, TensorSnapshot> training_state(Job& job, Optimizer& optimizer,
                                                     OnlineProbe* probe) {
  std::map<std::string, TensorSnapshot> state;
  for_each_training_state(job, optimizer, probe, [&](const std::string& name, at::Tensor& t) {
    auto saved = snapshot(t);
    if (saved.cpu.is_alias_of(t)) saved.cpu = saved.cpu.clone();
    state.emplace(name, std::move(saved));
  });
  return state;
}

void restore_training_state(const Checkpoint& checkpoint, Job& job, Optimizer& optimizer,
                            OnlineProbe* probe) {
  const at::NoGradGuard no_grad;
  std::set<std::string> left;
  for (const auto& [name, array] : checkpoint.arrays) left.insert(name);
  for_each_training_state(job, optimizer, probe, [&](const std::string& name, at::Tensor& t) {
    const auto found = checkpoint.arrays.find(name);
    if (found == checkpoint.arrays.end())
      throw DataError("checkpoint: '" + checkpoint.path.string() + "' has no '" + name +
                      "', which this experiment needs");
    const auto& array = found->second;
    if (array.shape != t.sizes().vec() ||
        static_cast<std::int32_t>(array.dtype) != to_kith_dtype(t.scalar_type()))
      throw DataError("checkpoint: '" + name + "' must be " +
                      std::string(dtype_name(static_cast<DType>(to_kith_dtype(t.scalar_type())))) +
                      " " + shape_text(t.sizes().vec()) + ", '" + checkpoint.path.string() +
                      "' has " + dtype_name(array.dtype) + " " + shape_text(array.shape));
    t.copy_(at::from_blob(const_cast<std::byte*>(array.bytes.data()), t.sizes(), t.scalar_type()));
    left.erase(name);
  });
  if (!left.empty())
    throw DataError("checkpoint: '" + checkpoint.path.string() + "' has '" + *left.begin() +
                    "', which this experiment does not");
}

}  // namespace kith::host
