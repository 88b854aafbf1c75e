// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>
#include <kith/abi/module.h>

#include <kith/random.hpp>

namespace kith::host {

/// Random tensors from Philox draws: the same numbers on any device and any number of threads.
/// Drawn on the CPU in float64 and converted, so that float32 holds the rounded values of float64.
at::Tensor random_uniform(const Draw& draw, at::IntArrayRef sizes, double low, double high,
                          at::TensorOptions options);
at::Tensor random_normal(const Draw& draw, at::IntArrayRef sizes, double mean, double deviation,
                         at::TensorOptions options);
/// int64 in [low, high).
at::Tensor random_integers(const Draw& draw, at::IntArrayRef sizes, std::int64_t low,
                           std::int64_t high, at::Device device);
at::Tensor random_permutation(const Draw& draw, std::int64_t n, at::Device device);
/// bool, true with the given probability.
at::Tensor random_mask(const Draw& draw, at::IntArrayRef sizes, double probability,
                       at::Device device);

/// A tensor that begins as `init` says.
at::Tensor initial_tensor(const kith_init& init, const Draw& draw, at::IntArrayRef sizes,
                          at::TensorOptions options);

}  // namespace kith::host
