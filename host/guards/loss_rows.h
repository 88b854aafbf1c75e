// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>

#include "model/job.h"

namespace kith::host {

/// The rows [N, D] that entered the losses of a watched step, by what they are, for a person: the
/// inputs of two dimensions with the flags "gradient" and "unit_rows", or of a loss where none has
/// both, with "gradient" alone. For a method that calls no loss plugin, what its heads gave; but
/// where it needs labels they are scores of classes, and no rows to be judged. [train thread]
std::map<std::string, at::Tensor> loss_rows(const Job& job);

/// The first step after which rows are judged: a network may need some to leave its first values.
inline constexpr std::int64_t kFirstVerdict = 200;

/// Rows divided by their norm, float32 [N, D] without a graph; rows of zeros stay so.
///
/// @param rows  floating-point [N, ...].
at::Tensor unit_rows(const at::Tensor& rows);

/// Whether rows can be held against each other: floating-point [N, D], both at least 2.
bool can_be_judged(const at::Tensor& rows);

}  // namespace kith::host
