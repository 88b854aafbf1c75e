// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>

#include "model/job.h"
#include "store/checkpoint.h"
#include "train/online_probe.h"
#include "train/optimizer.h"

namespace kith::host {

/// A tensor on the CPU, contiguous, in the form in which it is stored. It shares the tensor's
/// memory where that is so already; the snapshot keeps it alive.
struct TensorSnapshot {
  at::Tensor cpu;
  ArrayView view() const;
};
TensorSnapshot snapshot(const at::Tensor& tensor);

/// What the names of the online probe's tensors begin with.
inline constexpr const char* kOnlineProbeState = "online_probe/";

/// Visits everything of a run that a step changes, by name: parameters and copies
/// ("encoder.conv1.weight"), buffers, the optimiser's state
/// ("optimizer/encoder.conv1.weight.momentum_buffer"), and the online probe's
/// ("online_probe/weight"). @param probe  null: there is none.
void for_each_training_state(Job& job, Optimizer& optimizer, OnlineProbe* probe,
                             const std::function<void(const std::string&, at::Tensor&)>& visit);

/// All that for_each_training_state visits. The snapshots own copies on the CPU.
std::map<std::string, TensorSnapshot> training_state(Job& job, Optimizer& optimizer,
                                                     OnlineProbe* probe = nullptr);

/// Puts a checkpoint's arrays back.
/// @throws DataError  names what is missing, left over, or of another shape or dtype.
void restore_training_state(const Checkpoint& checkpoint, Job& job, Optimizer& optimizer,
                            OnlineProbe* probe = nullptr);

}  // namespace kith::host
