// SPDX-License-Identifier: Apache-2.0
//
// One stored embedding for each training image.
#pragma once

#include <cmath>
#include <cstdint>
#include <kith/method.hpp>

namespace kith {

/// [n, width], row i of the image with index i. Begins uniform in +-1/sqrt(width / 3), so that a
/// row's expected squared norm is 1. It is state: saved, equal on all ranks, and in run.h5 under
/// /state/memory_bank. [train thread]
///
/// InstDisc, arXiv 1805.01978, Sec. 3.1; start and update as in its released code.
class MemoryBank {
 public:
  MemoryBank(const Setup& setup, std::int64_t width)
      : setup_(setup),
        rows_(setup.scope().buffer("memory_bank", {setup.train_images(), width},
                                   init::uniform(-start(width), start(width)), {}, "memory_bank")) {
  }

  /// All rows as they are now, without a copy: `update` changes them in place, so it comes after
  /// the backward pass.
  const Tensor& rows() const { return rows_; }
  std::int64_t size() const { return rows_.size(0); }

  /// Each image's index, then `count` others drawn with replacement from all images, its own among
  /// them. @param indices int64 [N], of this rank @returns int64 [N, 1 + count]
  Tensor with_negatives(const Tensor& indices, std::int64_t count) const {
    const auto n = indices.size(0);
    const auto ranks = setup_.ranks();
    const Tensor drawn = setup_.integers(
        "negatives", std::array<std::int64_t, 2>{n * ranks.count(), count}, 0, size());
    return cat({indices.unsqueeze(1), drawn.narrow(0, n * ranks.rank(), n)}, 1);
  }

  /// Dot products of row i of x with the bank's rows chosen for it; the gradient goes to x alone.
  /// @param x [N, width] @param chosen int64 [N, K] @returns [N, K]
  Tensor dot(const Tensor& x, const Tensor& chosen) const {
    return call<"kith::gathered_rows_dot">(x, rows_, chosen);
  }

  /// row <- normalised(momentum * row + (1 - momentum) * embedding), for the images of all ranks.
  /// @param indices int64 [N] @param embeddings [N, width]
  void update(const Tensor& indices, const Tensor& embeddings, double momentum) {
    const NoGrad no_recording;
    const Tensor index = setup_.ranks().gather(indices);
    const Tensor fresh = setup_.ranks().gather(embeddings.detach()).to(rows_.dtype());
    const Tensor mixed = momentum * rows_.index_select(0, index) + (1 - momentum) * fresh;
    rows_.index_copy_(0, index, normalize(mixed));
  }

 private:
  static double start(std::int64_t width) { return 1 / std::sqrt(static_cast<double>(width) / 3); }

  Setup setup_;
  Tensor rows_;
};

}  // namespace kith
