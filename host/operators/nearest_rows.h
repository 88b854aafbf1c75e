// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <tuple>

namespace kith::host {

/// kith::nearest_rows: for each query row the k bank rows with the largest dot product.
///
/// query [N, D], bank [M, D], one floating dtype and device; 1 <= k <= M. Gives the dot products
/// [N, k], largest first, and the rows' positions, int64 [N, k]. Of equal products the one further
/// up in the bank comes first (the CPU form; the composed one leaves their order open). No
/// gradient. A product that is not a number counts as the smallest.
///
/// On the CPU the [N, M] products are made a tile at a time and held against the k-th best so far
/// while they are in cache, in place of a sort of each row.
/// @throws c10::Error  on shapes or dtypes that do not fit, with both.
std::tuple<at::Tensor, at::Tensor> nearest_rows_cpu(const at::Tensor& query, const at::Tensor& bank,
                                                    std::int64_t k);

/// The same by matmul and topk, some queries at a time.
std::tuple<at::Tensor, at::Tensor> nearest_rows_composed(const at::Tensor& query,
                                                         const at::Tensor& bank, std::int64_t k);

}  // namespace kith::host
