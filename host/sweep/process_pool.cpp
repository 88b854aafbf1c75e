// SPDX-License-Identifier: Apache-2.0
#include "sweep/process_pool.h"

#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <thread>

namespace kith::host {
namespace {

class Pool {
 public:
  Pool(std::size_t count, const PoolLimits& limits, const PoolEvents& events)
      : count_(count), limits_(limits), events_(events) {}

  bool run() {
    while (true) {
      pass_on_stop();
      collect();
      if (!told_to_stop_) start();
      if (running_.empty() && (told_to_stop_ || next_ == count_)) return ended_ == count_;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

 private:
  struct Running {
    std::size_t index;
    std::int64_t threads;
    std::unique_ptr<CellProcess> process;
  };

  void pass_on_stop() {
    if (told_to_stop_ || events_.stop() == 0) return;
    told_to_stop_ = true;
    for (const auto& each : running_) each.process->send(SIGTERM);
  }

  void collect() {
    for (std::size_t i = 0; i < running_.size();) {
      const auto end = running_[i].process->ended();
      if (!end) {
        ++i;
        continue;
      }
      const auto index = running_[i].index;
      running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
      ++ended_;
      events_.on_end(index, *end);
    }
  }

  void start() {
    while (next_ < count_ && static_cast<std::int64_t>(running_.size()) < limits_.at_a_time) {
      if (!waiting_) waiting_ = events_.make(next_);
      std::int64_t used = waiting_->threads;
      for (const auto& each : running_) used += each.threads;
      if (used > limits_.cores && !running_.empty()) return;
      running_.push_back(
          {next_++, waiting_->threads,
           std::make_unique<CellProcess>(waiting_->command,
                                         std::map<std::string, std::string>{
                                             {"KITH_CORES", std::to_string(waiting_->threads)}},
                                         waiting_->output, waiting_->errors)});
      waiting_.reset();
    }
  }

  std::size_t count_;
  const PoolLimits& limits_;
  const PoolEvents& events_;
  std::vector<Running> running_;
  std::optional<PoolJob> waiting_;  ///< the next one, made and not yet started
  std::size_t next_ = 0, ended_ = 0;
  bool told_to_stop_ = false;
};

}  // namespace

bool run_pool(std::size_t count, const PoolLimits& limits, const PoolEvents& events) {
  return Pool(count, limits, events).run();
}

}  // namespace kith::host
