// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace kith::host {

/// A softmax cross-entropy over dot products: row i of `rows` [N, C] has one score per candidate,
/// rows . candidates / temperature, and a positive among them.
///
/// All tensors are contiguous, on the CPU, of one dtype (float32 or float64) where they are real.
struct SoftmaxScores {
  at::Tensor rows;        ///< [N, C], N >= 1
  at::Tensor candidates;  ///< [M, C], M >= 1
  at::Tensor own;         ///< [N, C]: row i has one more candidate, its positive; or undefined, and
  at::Tensor positive;    ///< int64 [N], in [0, M): where among the candidates it is
  at::Tensor excluded;    ///< int64 [N], in [0, M): a candidate that does not count; or undefined
  double temperature;
};

/// Which gradients are wanted.
struct SoftmaxWanted {
  bool rows = false, candidates = false, own = false;
  bool together = false;  ///< rows and candidates are one tensor: `rows` gets the sum of both
};

struct SoftmaxLoss {
  at::Tensor value;                  ///< 0-d: the mean over rows, in nats
  at::Tensor rows, candidates, own;  ///< its gradients; else undefined
};

/// The loss and its gradients in one pass over tiles of rows: a tile has the scores of some rows,
/// becomes their softmax in place, and is multiplied back into the gradients before the next tile.
/// So no [N, M] tensor is made: a tile has about a million numbers.
///
/// A row's greatest score is taken off before exp. Scores, softmax and gradients have the dtype of
/// the inputs; the gradient of the candidates is added up tile by tile; the losses of rows are
/// added up in double.
SoftmaxLoss softmax_in_tiles(const SoftmaxScores& in, const SoftmaxWanted& wanted);

}  // namespace kith::host
