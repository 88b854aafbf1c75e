// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace kith::host {

/// A run's one thread that writes: it does what it is given in that order, while the giver goes on.
///
/// Once something has thrown, nothing more is done, and whoever gives more or waits gets that
/// exception: what a run wrote after a failed write would be of no use to a resume. Signals are
/// for the other threads. [one thread gives and waits]
class StorageThread {
 public:
  /// @throws std::system_error if the system gives no thread.
  StorageThread();
  /// Does what is left first. An exception that no call has told of is lost: see untold.
  ~StorageThread();
  StorageThread(const StorageThread&) = delete;
  StorageThread& operator=(const StorageThread&) = delete;

  /// Gives `work`, which owns all that it needs or shares it with no one who writes.
  /// @returns its number, from 1, for wait_for.
  /// @throws what earlier work threw; `work` is then not done.
  std::uint64_t post(std::function<void()> work);

  /// Returns when the work of this number, and all before it, is done; 0: at once.
  /// @throws what any work threw.
  void wait_for(std::uint64_t number);
  /// The same for all that was given.
  void wait() { wait_for(posted_); }

  /// Waits like wait, and gives what has been thrown and not been told of by any call; null if
  /// nothing has. For who ends for another reason, and has to tell of both.
  std::exception_ptr untold();

 private:
  void run();
  void throw_failure();

  std::mutex mutex_;
  std::condition_variable given_, done_;
  std::deque<std::function<void()>> queue_;  ///< its front is being done
  std::uint64_t posted_ = 0;                 ///< only the giver's
  std::uint64_t finished_ = 0;
  std::exception_ptr failure_;
  bool told_ = false;
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace kith::host
