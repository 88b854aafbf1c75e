// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

namespace kith::host {

/// What one rank can do with the others. Every rank makes the same calls in the same order. [train
/// thread of its rank]
class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual int rank() const = 0;
  virtual int ranks() const = 0;
  /// The tensors of all ranks, in order of rank; equal shapes.
  virtual std::vector<at::Tensor> all_gather(const at::Tensor& value) = 0;
};

/// One rank alone.
std::unique_ptr<Communicator> make_single_rank();

/// Ranks as threads of one process. If one fails, `abort` wakes the others, whose calls then throw.
class ThreadRanks {
 public:
  explicit ThreadRanks(int ranks);
  ~ThreadRanks();
  std::unique_ptr<Communicator> communicator(int rank);
  void abort();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

/// Rows of all ranks, in order of rank; gradient: the backward sums what arrived on all ranks for
/// this rank's rows.
at::Tensor gather_rows(Communicator& communicator, const at::Tensor& rows, bool gradient);
/// The sum over ranks; no gradient.
at::Tensor all_reduce_sum(Communicator& communicator, const at::Tensor& value);

}  // namespace kith::host
