// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace kith::host {

/// The dot products of each row with the bank rows that the index names, and the gradient of them,
/// on the CPU, with no copy of the bank rows.
///
/// Taken one after the other, bank rows come from all over the bank, and each waits for memory. So
/// the places of a block of rows are sorted by tile of the bank, and a tile is taken while it is in
/// cache: it serves all rows of the block.
///
/// rows [N, C] and bank [R, C] contiguous, of one dtype (float32 or float64), R < 2^32; index int64
/// [N, K], contiguous, in [0, R), K < 2^32. A product is the sum of 32 (float64: 16) partial sums;
/// a gradient is added up within a tile, then over tiles. Neither depends on the number of threads.
///
/// @returns  [N, K]
at::Tensor gathered_dots(const at::Tensor& rows, const at::Tensor& bank, const at::Tensor& index);

/// @param weights  [N, K], contiguous, of the bank's dtype.
/// @returns        [N, C]: sum over k of weights_nk bank_index_nk
at::Tensor gathered_sums(const at::Tensor& weights, const at::Tensor& bank,
                         const at::Tensor& index);

}  // namespace kith::host
