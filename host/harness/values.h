// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <kith/harness.hpp>
#include <memory>

#include "model/job.h"

namespace kith::harness {

at::ScalarType scalar_type(Compute compute);

/// A new tensor with these numbers. @param real  dtype of numbers of the kind kReal.
/// @throws ShapeError if there are not as many numbers as the shape says.
at::Tensor to_tensor(const Values& values, at::ScalarType real);

/// int64 [N].
at::Tensor to_tensor(const std::vector<std::int64_t>& numbers);

/// Undefined tensors have no values.
Values to_values(const at::Tensor& tensor);

/// A job of the settings on the CPU, on its rank.
std::unique_ptr<host::Job> make_job(const Settings& settings);

}  // namespace kith::harness
