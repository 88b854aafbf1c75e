// SPDX-License-Identifier: Apache-2.0
//
// A queue of earlier embeddings.
#pragma once

#include <cstdint>
#include <kith/method.hpp>
#include <string>

namespace kith {

/// The last `size` rows that a method put in, [size, width], first in first out. Begins as random
/// unit rows. It is state: saved, equal on all ranks, and in run.h5 under /state/queue. [train
/// thread]
///
/// MoCo, arXiv 1911.05722, Sec. 3.2 "Dictionary as a queue".
class Queue {
 public:
  /// What becomes of rows that come when fewer places are left.
  enum class Wrap {
    kWhole,     // `size` is a multiple of the rows that come at a time, so none do
    kTruncate,  // the last places are filled, the other rows dropped, and the next come first
  };

  Queue(const Setup& setup, std::int64_t size, std::int64_t width, Wrap wrap = Wrap::kWhole)
      : setup_(setup),
        wrap_(wrap),
        size_(size),
        rows_(setup.scope().buffer("queue", {size, width}, init::unit_rows(), {}, "queue")),
        next_(setup.scope().buffer("next", {}, init::constant(0), Dtype::kInt64)) {}

  /// For a method's `validate`. `rows`: that come at a time, of all ranks.
  /// @throws ConfigError if a whole number of them does not fill the queue.
  static void check_whole(std::string_view method, std::int64_t size, std::int64_t rows) {
    if (size % rows == 0) return;
    const auto below = size / rows * rows;
    throw ConfigError(std::string(method) + ": queue_size = " + std::to_string(size) +
                      " is not a multiple of the " + std::to_string(rows) +
                      " keys of a step (train.batch_size); the nearest that are: " +
                      (below > 0 ? std::to_string(below) + " and " : "") +
                      std::to_string(below + rows) +
                      "; or queue_wrap = \"truncate\", which drops keys at the end");
  }

  /// The rows as they are now, without a copy: `enqueue` changes them in place, so it comes after
  /// the backward pass.
  const Tensor& rows() const { return rows_; }

  /// Puts the rows of all ranks in the place of the oldest. @param rows [N, width], of this rank
  void enqueue(const Tensor& rows) {
    const NoGrad no_recording;
    const Tensor all = setup_.ranks().gather(rows).to(rows_.dtype());  // bfloat16 under autocast
    if (wrap_ == Wrap::kWhole) return put(all);
    // Which of the new rows each place takes, if any: no value is read, so no step waits.
    const Tensor from = arange_like(all, size_) - next_;  // [size]
    const Tensor takes = call<"aten::logical_and">(from >= 0, from < all.size(0));
    const Tensor row = call<"aten::clamp">(from, 0, all.size(0) - 1);
    rows_.copy_(where(takes.unsqueeze(1), all.index_select(0, row), rows_));
    const Tensor end = next_ + all.size(0);
    next_.copy_(where(end >= size_, zeros_like(end), end));
  }

 private:
  void put(const Tensor& all) {
    const auto place = remainder(next_ + arange_like(all, all.size(0)), size_);
    rows_.index_copy_(0, place, all);
    next_.copy_(remainder(next_ + all.size(0), size_));
  }

  Setup setup_;
  Wrap wrap_;
  std::int64_t size_;
  Tensor rows_, next_;
};

}  // namespace kith
