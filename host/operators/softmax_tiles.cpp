// SPDX-License-Identifier: Apache-2.0
#include "operators/softmax_tiles.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace kith::host {
namespace {

// A tile is taken about a dozen times: 4 MB of float32 stay in a core's caches. Below 64 rows a
// product spends its time on arranging the candidates, above 256 nothing is gained.
constexpr std::int64_t kTileNumbers = std::int64_t{1} << 20;
constexpr std::int64_t kLeastRows = 64, kMostRows = 256;

/// The rows [first, first + count) of all that has a row each.
struct Block {
  std::int64_t first, count;
  at::Tensor of(const at::Tensor& x) const {
    return x.defined() ? x.narrow(0, first, count) : at::Tensor();
  }
};

/// The softmax of a block of rows.
struct Tile {
  at::Tensor scores;    // [R, M]: scores, then their softmax
  at::Tensor own;       // [R, 1]: the same of the own candidate; or undefined
  at::Tensor greatest;  // [R, 1]
  at::Tensor sum;       // [R, 1], of exp(score - greatest)
};

template <class T>
void exclude(at::Tensor& scores, const at::Tensor& excluded) {
  const auto rows = scores.size(0), columns = scores.size(1);
  auto* score = scores.data_ptr<T>();
  const auto* place = excluded.const_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < rows; ++i)
    score[i * columns + place[i]] = -std::numeric_limits<T>::infinity();
}

/// The scores of the positives, to keep.
at::Tensor positive_scores(const Tile& tile, const at::Tensor& positive) {
  return tile.own.defined() ? tile.own.clone() : tile.scores.gather(1, positive.unsqueeze(1));
}

void become_softmax(Tile& tile) {
  tile.greatest = tile.scores.amax(1, true);
  if (tile.own.defined()) tile.greatest = at::maximum(tile.greatest, tile.own);
  tile.scores.sub_(tile.greatest).exp_();
  tile.sum = tile.scores.sum(1, true);
  if (!tile.own.defined()) return;
  tile.own.sub_(tile.greatest).exp_();
  tile.sum.add_(tile.own);
}

/// The sum over rows of log(sum of exp(scores)) - positive score.
template <class T>
double sum_of_losses(const Tile& tile, const at::Tensor& positive_scores) {
  double total = 0;
  const auto* greatest = tile.greatest.const_data_ptr<T>();
  const auto* sum = tile.sum.const_data_ptr<T>();
  const auto* positive = positive_scores.const_data_ptr<T>();
  for (std::int64_t i = 0; i < tile.sum.size(0); ++i)
    total += std::log(static_cast<double>(sum[i])) +
             (static_cast<double>(greatest[i]) - static_cast<double>(positive[i]));
  return total;
}

/// The gradient of a row's loss by its scores: their softmax, less one at the positive.
template <class T>
void become_gradient(Tile& tile, const at::Tensor& positive) {
  tile.scores.div_(tile.sum);
  if (tile.own.defined()) {
    tile.own.div_(tile.sum).sub_(1);
    return;
  }
  const auto rows = tile.scores.size(0), columns = tile.scores.size(1);
  auto* score = tile.scores.data_ptr<T>();
  const auto* place = positive.const_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < rows; ++i) score[i * columns + place[i]] -= 1;
}

/// `factor` is what a score's gradient is multiplied with: 1 / (N temperature).
void add_gradients(const SoftmaxScores& in, const Block& block, const Tile& tile, double factor,
                   SoftmaxLoss& loss) {
  const at::Tensor rows = block.of(in.rows), own = block.of(in.own);
  if (loss.rows.defined()) {
    auto gradient = block.of(loss.rows);
    const int kept = loss.rows.is_same(loss.candidates) ? 1 : 0;
    at::addmm_out(gradient, gradient, tile.scores, in.candidates, /*beta=*/kept, factor);
    if (own.defined()) gradient.addcmul_(own, tile.own, factor);
  }
  if (loss.candidates.defined()) loss.candidates.addmm_(tile.scores.t(), rows, /*beta=*/1, factor);
  if (loss.own.defined()) {
    auto gradient = block.of(loss.own);
    at::mul_out(gradient, rows, tile.own).mul_(factor);
  }
}

template <class T>
SoftmaxLoss in_tiles(const SoftmaxScores& in, const SoftmaxWanted& wanted) {
  const auto n = in.rows.size(0), m = in.candidates.size(0);
  const auto rows = std::min(n, std::clamp(kTileNumbers / m, kLeastRows, kMostRows));
  const auto numbers = at::empty({rows, m}, in.rows.options());
  const at::Tensor candidates_t = in.candidates.t();
  SoftmaxLoss loss;
  if (wanted.rows) loss.rows = wanted.together ? at::zeros_like(in.rows) : at::empty_like(in.rows);
  if (wanted.candidates)
    loss.candidates = wanted.together ? loss.rows : at::zeros_like(in.candidates);
  if (wanted.own) loss.own = at::empty_like(in.own);

  double total = 0;
  for (std::int64_t first = 0; first < n; first += rows) {
    const Block block{first, std::min(rows, n - first)};
    const at::Tensor x = block.of(in.rows), positive = block.of(in.positive);
    Tile tile{numbers.narrow(0, 0, block.count), {}, {}, {}};
    at::addmm_out(tile.scores, tile.scores, x, candidates_t, /*beta=*/0, 1 / in.temperature);
    if (in.own.defined()) tile.own = x.mul(block.of(in.own)).sum(1, true).div_(in.temperature);
    if (in.excluded.defined()) exclude<T>(tile.scores, block.of(in.excluded));
    const at::Tensor scores = positive_scores(tile, positive);
    become_softmax(tile);
    total += sum_of_losses<T>(tile, scores);
    if (!wanted.rows && !wanted.candidates && !wanted.own) continue;
    become_gradient<T>(tile, positive);
    add_gradients(in, block, tile, 1 / (static_cast<double>(n) * in.temperature), loss);
  }
  if (wanted.together) loss.candidates.reset();
  loss.value = at::full({}, total / static_cast<double>(n), in.rows.options());
  return loss;
}

}  // namespace

SoftmaxLoss softmax_in_tiles(const SoftmaxScores& in, const SoftmaxWanted& wanted) {
  const at::NoGradGuard no_grad;
  return AT_DISPATCH_FLOATING_TYPES(in.rows.scalar_type(), "softmax_in_tiles",
                                    [&] { return in_tiles<scalar_t>(in, wanted); });
}

}  // namespace kith::host
