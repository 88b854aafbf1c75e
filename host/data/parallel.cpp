// SPDX-License-Identifier: Apache-2.0
#include "data/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace kith::host {

void parallel_for(std::int64_t count, int threads, const std::function<void(std::int64_t)>& body) {
  std::atomic<std::int64_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::int64_t failed_at = count;
  std::exception_ptr error;
  // Indices are claimed in rising order, so all below a failed one have been claimed and are
  // finished before the threads join: the lowest failure is always seen.
  const auto work = [&] {
    while (!failed.load()) {
      const std::int64_t i = next.fetch_add(1);
      if (i >= count) return;
      try {
        body(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        failed.store(true);
        if (i < failed_at) {
          failed_at = i;
          error = std::current_exception();
        }
      }
    }
  };
  {
    std::vector<std::jthread> others;
    const std::int64_t wanted = std::min<std::int64_t>(threads, count);
    for (std::int64_t t = 1; t < wanted; ++t) others.emplace_back(work);
    work();
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace kith::host
