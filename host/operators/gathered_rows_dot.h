// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace kith::host {

/// kith::gathered_rows_dot: the dot products of each row with rows of a bank that are named by
/// their place: out_nk = rows_n . bank_index_nk.
///
/// rows [N, C]; bank [R, C], of the same device, without a gradient; index int64 [N, K], in [0, R).
/// Gives [N, K], with a gradient for rows alone. The rows are taken in the bank's dtype, under
/// autocast too, and the products have it.
///
/// On the CPU (float32 and float64) bank rows are read where they are, in the forward and again in
/// the backward pass: no [N, K, C] copy is made (gathered_tiles.h). Elsewhere it is a composition
/// of ATen's operators that copies some rows' bank rows at a time, not a kernel. Places are checked
/// on the CPU only: a check elsewhere would wait for the device. [any thread]
/// @throws c10::Error  on shapes, dtypes, places that do not fit, or a bank that wants a gradient,
/// with what came.
at::Tensor gathered_rows_dot(const at::Tensor& rows, const at::Tensor& bank,
                             const at::Tensor& index);

/// The composed form of the products, on any device, without a gradient.
at::Tensor gathered_rows_dot_composed(const at::Tensor& rows, const at::Tensor& bank,
                                      const at::Tensor& index);
/// The gradient of the sum of products times `weights` [N, K] by the rows, composed: [N, C].
at::Tensor gathered_rows_sum_composed(const at::Tensor& weights, const at::Tensor& bank,
                                      const at::Tensor& index);

}  // namespace kith::host
