// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace kith::host {

/// A forward pass of some rows: outputs whose dimension 0 is the rows.
using RowsForward = std::function<std::vector<at::Tensor>(const at::Tensor& rows)>;

/// A forward pass over all rows in chunks of `rows`, one after the other, the last one shorter.
///
/// Where a gradient is recorded, each chunk runs without a graph now and once more in the backward
/// pass, so that the intermediate values of one chunk are held at a time: the gradient is that of
/// the whole, for whatever is computed from the outputs. GradCache, arXiv 2101.06983, Sec. 3.2.
/// The second run draws the same numbers and leaves buffers alone. `n_outputs`: of forward, each
/// defined. [train thread]
std::vector<at::Tensor> call_in_chunks(const at::Tensor& input, std::int64_t rows,
                                       std::size_t n_outputs, const RowsForward& forward);

}  // namespace kith::host
