// SPDX-License-Identifier: Apache-2.0
#include "store/storage_thread.h"

#include <csignal>
#include <utility>

namespace kith::host {

namespace {

/// For as long as it lives, this thread gets no signals but those of its own faults, nor do those
/// that it makes, ever.
class WithoutSignals {
 public:
  WithoutSignals() {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) sigdelset(&all, fault);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~WithoutSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  WithoutSignals(const WithoutSignals&) = delete;
  WithoutSignals& operator=(const WithoutSignals&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

StorageThread::StorageThread() {
  const WithoutSignals without_signals;
  thread_ = std::thread([this] { run(); });
}

StorageThread::~StorageThread() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  given_.notify_one();
  thread_.join();
}

void StorageThread::throw_failure() {
  if (!failure_) return;
  told_ = true;
  std::rethrow_exception(failure_);
}

std::uint64_t StorageThread::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    throw_failure();
    queue_.push_back(std::move(work));
  }
  given_.notify_one();
  return ++posted_;
}

void StorageThread::wait_for(std::uint64_t number) {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [&] { return failure_ != nullptr || finished_ >= number; });
  throw_failure();
}

std::exception_ptr StorageThread::untold() {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [&] { return queue_.empty(); });
  if (!failure_) return nullptr;
  return std::exchange(told_, true) ? nullptr : failure_;
}

void StorageThread::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    given_.wait(lock, [&] { return ends_ || !queue_.empty(); });
    if (queue_.empty()) return;
    // Taken out, so that what it owns is given back here, before the next is begun.
    auto work = std::exchange(queue_.front(), nullptr);
    lock.unlock();
    std::exception_ptr failure;
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
    work = nullptr;
    lock.lock();
    queue_.pop_front();
    ++finished_;
    if (failure) {
      failure_ = failure;
      queue_.clear();
    }
    done_.notify_all();
  }
}

}  // namespace kith::host
