// SPDX-License-Identifier: Apache-2.0
#include "model/ranks.h"

#include <ATen/ATen.h>

#include <condition_variable>
#include <kith/error.hpp>
#include <mutex>

#include "tensor/with_backward.h"

namespace kith::host {
namespace {

class SingleRank : public Communicator {
 public:
  int rank() const override { return 0; }
  int ranks() const override { return 1; }
  std::vector<at::Tensor> all_gather(const at::Tensor& value) override { return {value}; }
};

/// The rows of all ranks; backward, this rank's part of the sum of their gradients.
at::Tensor gather_with_gradient(Communicator& c, const at::Tensor& rows) {
  return with_backward(
      {rows}, {}, {at::cat(c.all_gather(rows.detach().contiguous()))},
      [&c, n = rows.size(0)](const std::vector<at::Tensor>&, const std::vector<at::Tensor>& grads) {
        return std::vector{all_reduce_sum(c, grads[0]).narrow(0, c.rank() * n, n)};
      })[0];
}

}  // namespace

struct ThreadRanks::Shared {
  explicit Shared(int n) : slots(static_cast<std::size_t>(n)), n(n) {}

  /// Waits until all ranks are here. @throws Error if one of them failed.
  void meet() {
    std::unique_lock lock(mutex);
    const auto round = rounds;
    if (++arrived == n) {
      arrived = 0;
      ++rounds;
      all_here.notify_all();
    } else {
      all_here.wait(lock, [&] { return rounds != round || aborted; });
    }
    if (aborted) throw Error("ranks: another rank failed");
  }

  std::mutex mutex;
  std::condition_variable all_here;
  std::vector<at::Tensor> slots;
  int n;
  int arrived = 0;
  std::int64_t rounds = 0;
  bool aborted = false;
};

namespace {

template <class Shared>
class ThreadRank : public Communicator {
 public:
  ThreadRank(std::shared_ptr<Shared> shared, int rank) : shared_(std::move(shared)), rank_(rank) {}
  int rank() const override { return rank_; }
  int ranks() const override { return shared_->n; }
  std::vector<at::Tensor> all_gather(const at::Tensor& value) override {
    shared_->slots[static_cast<std::size_t>(rank_)] = value.clone();
    shared_->meet();
    auto all = shared_->slots;
    shared_->meet();  // nobody writes the next value before all have read this one
    return all;
  }

 private:
  std::shared_ptr<Shared> shared_;
  int rank_;
};

}  // namespace

std::unique_ptr<Communicator> make_single_rank() { return std::make_unique<SingleRank>(); }

ThreadRanks::ThreadRanks(int ranks) : shared_(std::make_shared<Shared>(ranks)) {}
ThreadRanks::~ThreadRanks() = default;

std::unique_ptr<Communicator> ThreadRanks::communicator(int rank) {
  return std::make_unique<ThreadRank<Shared>>(shared_, rank);
}

void ThreadRanks::abort() {
  const std::lock_guard lock(shared_->mutex);
  shared_->aborted = true;
  shared_->all_here.notify_all();
}

at::Tensor gather_rows(Communicator& communicator, const at::Tensor& rows, bool gradient) {
  if (communicator.ranks() == 1) return gradient ? rows : rows.detach();
  if (gradient) return gather_with_gradient(communicator, rows);
  return at::cat(communicator.all_gather(rows.detach().contiguous()));
}

at::Tensor all_reduce_sum(Communicator& communicator, const at::Tensor& value) {
  if (communicator.ranks() == 1) return value.detach();
  const auto all = communicator.all_gather(value.detach().contiguous());
  auto sum = all[0].clone();
  for (std::size_t r = 1; r < all.size(); ++r) sum.add_(all[r]);
  return sum;
}

}  // namespace kith::host
