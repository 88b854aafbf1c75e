// SPDX-License-Identifier: Apache-2.0
#include "model/ranks.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <condition_variable>
#include <kith/error.hpp>
#include <mutex>

namespace kith::host {
namespace {

class SingleRank : public Communicator {
 public:
  int rank() const override { return 0; }
  int ranks() const override { return 1; }
  std::vector<at::Tensor> all_gather(const at::Tensor& value) override { return {value}; }
};

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct GatherRows : torch::autograd::Function<GatherRows> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& rows,
                            std::int64_t communicator) {
    auto& c = *reinterpret_cast<Communicator*>(communicator);
    context->saved_data["communicator"] = communicator;
    context->saved_data["rows"] = rows.size(0);
    return at::cat(c.all_gather(rows.detach().contiguous()));
  }
  static variable_list backward(AutogradContext* context, variable_list grads) {
    auto& c = *reinterpret_cast<Communicator*>(context->saved_data["communicator"].toInt());
    const auto rows = context->saved_data["rows"].toInt();
    return {all_reduce_sum(c, grads[0]).narrow(0, c.rank() * rows, rows), at::Tensor()};
  }
};

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
  if (gradient) return GatherRows::apply(rows, reinterpret_cast<std::int64_t>(&communicator));
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
