// SPDX-License-Identifier: Apache-2.0
#include <exception>
#include <mutex>
#include <thread>

#include "harness/team.h"
#include "harness/values.h"

namespace kith::harness {
namespace {

thread_local bool rank_thread = false;

}  // namespace

bool is_rank_thread() { return rank_thread; }

std::unique_ptr<host::Communicator> communicator_of(const Rank* rank) {
  return rank == nullptr ? host::make_single_rank()
                         : rank->team().ranks.communicator(rank->index());
}

void on_ranks(int count, const std::function<void(const Rank&)>& work) {
  device();  // a gradient on a rank's thread would settle for this process that there is no GPU
  Team team(count);
  std::mutex mutex;
  std::exception_ptr first;
  std::vector<std::thread> threads;
  for (int r = 0; r < count; ++r) {
    threads.emplace_back([&, r] {
      rank_thread = true;
      try {
        work(Rank(r, count, team));
      } catch (...) {
        const std::lock_guard lock(mutex);
        // Later ones may only tell that this one failed.
        if (first == nullptr) first = std::current_exception();
        team.ranks.abort();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  if (first != nullptr) std::rethrow_exception(first);
}

std::vector<LossResult> run_loss(const std::string& table, Compute compute,
                                 const std::vector<Named>& inputs_by_rank) {
  std::vector<LossResult> results(inputs_by_rank.size());
  on_ranks(static_cast<int>(inputs_by_rank.size()), [&](const Rank& rank) {
    const auto at = static_cast<std::size_t>(rank.index());
    Settings settings;
    settings.compute = compute;
    settings.rank = &rank;
    LossHarness loss(table, settings);
    results[at] = loss.run(inputs_by_rank[at]);
  });
  return results;
}

}  // namespace kith::harness
