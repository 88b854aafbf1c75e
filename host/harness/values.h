// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <kith/harness.hpp>
#include <memory>

#include "model/job.h"

namespace kith::harness {

/// Where a harness puts its tensors: KITH_DEVICE, else the CPU. Ranks that are threads are on the
/// CPU: LibTorch has one thread a GPU for gradients, and there each rank would wait for the others.
/// @throws ConfigError as open_device.
at::Device device();

at::ScalarType scalar_type(Compute compute);

/// A new tensor with these numbers. @param real  dtype of numbers of the kind kReal.
/// @throws ShapeError if there are not as many numbers as the shape says.
at::Tensor to_tensor(const Values& values, at::ScalarType real, at::Device place = device());

/// int64 [N].
at::Tensor to_tensor(const std::vector<std::int64_t>& numbers, at::Device place = device());

/// Undefined tensors have no values.
Values to_values(const at::Tensor& tensor);

/// A job of the settings on device(), on its rank.
std::unique_ptr<host::Job> make_job(const Settings& settings);

}  // namespace kith::harness
