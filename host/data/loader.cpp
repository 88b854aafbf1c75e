// SPDX-License-Identifier: Apache-2.0
#include "data/loader.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <kith/error.hpp>
#include <kith/random.hpp>
#include <mutex>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "data/loader_settings_check.h"
#include "data/sampler.h"

namespace kith::host {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Repeats the exception that is being handled with `where` before its text, in its own type if
/// that is one of Kith's.
std::exception_ptr with_place(const std::string& where) {
  try {
    throw;
  } catch (const PluginError& e) {
    return std::make_exception_ptr(PluginError(where + e.what()));
  } catch (const ShapeError& e) {
    return std::make_exception_ptr(ShapeError(where + e.what()));
  } catch (const std::exception& e) {
    return std::make_exception_ptr(DataError(where + e.what()));
  } catch (...) {
    return std::make_exception_ptr(DataError(where + "an exception of unknown type"));
  }
}

}  // namespace

class Loader::Impl {
 public:
  Impl(const Dataset& dataset, const ViewMaker& maker, const LoaderSettings& settings);
  ~Impl();
  void start();

  std::int64_t steps_per_epoch() const { return steps_per_epoch_; }
  bool next(Batch& batch);
  LoaderStats stats() const;

 private:
  /// A batch that is being made or waits for the consumer.
  struct Slot {
    Batch batch;
    std::int64_t unclaimed = 0;   ///< First row that no thread works on.
    std::int64_t unfinished = 0;  ///< Rows that are not done.
    std::int64_t failed_row = 0;
    std::exception_ptr error;
  };
  /// Rows of one batch for one thread to make.
  struct Task {
    Slot* slot;
    std::int64_t first, end;
  };

  void work(ViewMaker::ThreadState& state);
  std::optional<Task> claim();
  bool rows_left();
  bool may_begin();
  std::optional<Task> next_task();
  void make_batch(std::unique_lock<std::mutex>& lock);
  void begin_batch(Slot& slot, std::int64_t number);
  void make_rows(const Task& task, Image& image, ViewMaker::ThreadState& state);
  void make_row(Batch& batch, std::int64_t row, Image& image, ViewMaker::ThreadState& state);
  SampleKey key_of(const Batch& batch, std::int64_t row, std::int64_t index) const;
  void decode(const SampleKey& key, Image& image, ViewMaker::ThreadState& state) const;
  void decode_row(Batch& batch, std::int64_t row, Image& image, ViewMaker::ThreadState& state);
  DrawKey slot_key(const Batch& batch, std::int64_t row) const;
  void finish(const Task& task, std::int64_t failed_row, std::exception_ptr error);
  std::string place(const Batch& batch, std::int64_t row) const;
  /// The split's index of the i-th sample that is handed out.
  std::int64_t sample(std::int64_t i) const {
    return settings_.chosen.empty() ? i : settings_.chosen[static_cast<std::size_t>(i)];
  }
  Slot& slot_of(std::int64_t number) {
    return slots_[static_cast<std::size_t>(number) % slots_.size()];
  }

  const Dataset& dataset_;
  const ViewMaker& maker_;
  const LoaderSettings settings_;
  std::int64_t size_ = 0, steps_per_epoch_ = 0, end_ = 0, rows_a_task_ = 1;

  mutable std::mutex mutex_;
  std::condition_variable may_claim_, may_take_;
  // Guarded by mutex_; batches are numbered from the first step of epoch 0.
  std::vector<Slot> slots_;
  std::int64_t taken_ = 0;  ///< Next batch for the consumer.
  std::int64_t begun_ = 0;  ///< Next batch to begin; the one before may have rows to claim.
  std::int64_t order_epoch_ = -1;
  std::vector<std::int64_t> order_;
  bool wanted_ = false;  ///< next() is at work.
  bool stop_ = false;
  std::exception_ptr failure_;  ///< What next() throws from now on.
  LoaderStats stats_;
  Clock::time_point started_ = Clock::now();

  std::vector<std::unique_ptr<ViewMaker::ThreadState>>
      states_;   ///< The first: the consumer's, unless ahead.
  Image image_;  ///< The consumer's.
  std::vector<std::jthread> threads_;
};

Loader::Impl::Impl(const Dataset& dataset, const ViewMaker& maker, const LoaderSettings& settings)
    : dataset_(dataset), maker_(maker), settings_(settings) {
  check_loader_settings(dataset, settings);
  size_ = sample_count(dataset, settings);
  const std::int64_t batch = settings.batch_size;
  steps_per_epoch_ = settings.shuffle ? size_ / batch : (size_ + batch - 1) / batch;
  taken_ = begun_ = settings.epoch * steps_per_epoch_ + settings.step;
  end_ = settings.end_epoch * steps_per_epoch_;
  // Several tasks a thread and batch, so that no thread waits long for the last one.
  rows_a_task_ = std::clamp<std::int64_t>(batch / (4 * settings.threads), 1, 32);
  slots_.resize(settings.ahead ? static_cast<std::size_t>(settings.prefetch) : 1);
}

Loader::Impl::~Impl() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  may_claim_.notify_all();
}

void Loader::Impl::start() {
  for (int t = 0; t < settings_.threads; ++t) states_.push_back(maker_.make_thread_state());
  for (std::size_t t = settings_.ahead ? 0 : 1; t < states_.size(); ++t) {
    threads_.emplace_back([this, s = states_[t].get()] { work(*s); });
  }
}

void Loader::Impl::work(ViewMaker::ThreadState& state) {
  try {
    Image image;
    while (const auto task = claim()) make_rows(*task, image, state);
  } catch (...) {
    const auto error = with_place("loader: ");
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = error;
    stop_ = true;
    may_claim_.notify_all();
    may_take_.notify_all();
  }
}

/// Waits for rows to make; none once there will be no more.
std::optional<Loader::Impl::Task> Loader::Impl::claim() {
  std::unique_lock lock(mutex_);
  may_claim_.wait(lock, [&] { return stop_ || begun_ >= end_ || rows_left() || may_begin(); });
  if (stop_) return std::nullopt;
  return next_task();
}

/// Whether the batch that was begun last has rows that no thread works on. [mutex held]
bool Loader::Impl::rows_left() {
  if (begun_ == taken_) return false;
  const Slot& slot = slot_of(begun_ - 1);
  return slot.unclaimed < slot.batch.size();
}

/// [mutex held]
bool Loader::Impl::may_begin() {
  const auto room = static_cast<std::int64_t>(slots_.size());
  return begun_ < end_ && begun_ < taken_ + room && (settings_.ahead || wanted_);
}

/// The next rows to make, if there are any now. [mutex held]
std::optional<Loader::Impl::Task> Loader::Impl::next_task() {
  if (!rows_left()) {
    if (!may_begin()) return std::nullopt;
    begin_batch(slot_of(begun_), begun_);
    ++begun_;
    may_claim_.notify_all();
  }
  Slot& slot = slot_of(begun_ - 1);
  Task task{&slot, slot.unclaimed, 0};
  task.end = std::min(task.first + rows_a_task_, slot.batch.size());
  slot.unclaimed = task.end;
  return task;
}

/// The caller's part of the batch that it asks for. [mutex held]
void Loader::Impl::make_batch(std::unique_lock<std::mutex>& lock) {
  wanted_ = true;
  while (const auto task = next_task()) {
    lock.unlock();
    make_rows(*task, image_, *states_.front());
    lock.lock();
  }
  wanted_ = false;
}

/// Says which samples batch `number` has, and makes room for their views. [mutex held]
void Loader::Impl::begin_batch(Slot& slot, std::int64_t number) {
  Batch& batch = slot.batch;
  batch.epoch = number / steps_per_epoch_;
  batch.step = number % steps_per_epoch_;
  if (settings_.shuffle && order_epoch_ != batch.epoch) {
    order_ = epoch_order(size_, settings_.seed, batch.epoch);
    order_epoch_ = batch.epoch;
  }
  const std::int64_t first = batch.step * settings_.batch_size;
  const auto rows = static_cast<std::size_t>(std::min(settings_.batch_size, size_ - first));
  batch.indices.resize(rows);
  batch.labels.resize(rows);
  if (settings_.shuffle) {
    std::copy_n(order_.begin() + first, rows, batch.indices.begin());
  } else {
    std::iota(batch.indices.begin(), batch.indices.end(), first);
  }
  for (std::size_t row = 0; row < rows; ++row) {
    batch.indices[row] = sample(batch.indices[row]);
    batch.labels[row] = dataset_.label(settings_.split, batch.indices[row]);
  }
  batch.views.resize(settings_.view_floats.size());
  for (std::size_t v = 0; v < batch.views.size(); ++v) {
    const std::size_t floats = rows * settings_.view_floats[v];
    if (batch.views[v].size() != floats) batch.views[v] = AlignedBuffer(floats);
  }
  slot.unclaimed = 0;
  slot.unfinished = batch.size();
  slot.failed_row = batch.size();
  slot.error = nullptr;
}

void Loader::Impl::make_rows(const Task& task, Image& image, ViewMaker::ThreadState& state) {
  // All other rows of the batch are made even so: the first failed row is then known.
  std::exception_ptr error;
  std::int64_t row = task.first;
  try {
    for (; row < task.end; ++row) make_row(task.slot->batch, row, image, state);
  } catch (...) {
    error = with_place(place(task.slot->batch, row));
  }
  finish(task, row, error);
}

void Loader::Impl::make_row(Batch& batch, std::int64_t row, Image& image,
                            ViewMaker::ThreadState& state) {
  decode_row(batch, row, image, state);
  const SampleKey key = key_of(batch, row, batch.indices[static_cast<std::size_t>(row)]);
  for (std::size_t v = 0; v < batch.views.size(); ++v) {
    const std::size_t floats = settings_.view_floats[v];
    float* slot = batch.views[v].data() + static_cast<std::size_t>(row) * floats;
    maker_.make_view(image, key, static_cast<int>(v), slot, state);
  }
}

SampleKey Loader::Impl::key_of(const Batch& batch, std::int64_t row, std::int64_t index) const {
  return {settings_.seed, batch.epoch, batch.step, row, index};
}

/// Decodes what the sample's views are made from.
void Loader::Impl::decode(const SampleKey& key, Image& image, ViewMaker::ThreadState& state) const {
  if (dataset_.in_memory()) {
    dataset_.decode(settings_.split, key.index, image);
    return;
  }
  const ImageSize size = dataset_.image_size(settings_.split, key.index);
  ImagePart part;
  for (std::size_t v = 0; v < settings_.view_floats.size(); ++v)
    part = around(part, maker_.part(size, key, static_cast<int>(v), state));
  dataset_.decode_part(settings_.split, key.index, part, image);
}

/// Decodes the row's sample, or what fills its place.
void Loader::Impl::decode_row(Batch& batch, std::int64_t row, Image& image,
                              ViewMaker::ThreadState& state) {
  const auto at = static_cast<std::size_t>(row);
  std::exception_ptr failure;
  std::string reason;
  try {
    decode(key_of(batch, row, batch.indices[at]), image, state);
    return;
  } catch (const DataError& error) {
    if (!settings_.shuffle || !dataset_.skips_damaged()) throw;
    failure = std::current_exception();
    reason = error.what();
  }
  constexpr int kTries = 16;
  Draw draw(slot_key(batch, row), "slot");
  for (int i = 0; i < kTries; ++i) {
    const auto other =
        sample(static_cast<std::int64_t>(draw.below(static_cast<std::uint64_t>(size_))));
    try {
      decode(key_of(batch, row, other), image, state);
    } catch (const DataError&) {
      continue;
    }
    batch.indices[at] = other;
    batch.labels[at] = dataset_.label(settings_.split, other);
    const std::lock_guard lock(mutex_);
    if (stats_.filled++ == 0) stats_.first_failure = reason;
    return;
  }
  std::rethrow_exception(failure);
}

void Loader::Impl::finish(const Task& task, std::int64_t failed_row, std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  Slot& slot = *task.slot;
  if (error && failed_row < slot.failed_row) {
    slot.failed_row = failed_row;
    slot.error = std::move(error);
  }
  slot.unfinished -= task.end - task.first;
  if (slot.unfinished == 0) may_take_.notify_all();
}

DrawKey Loader::Impl::slot_key(const Batch& batch, std::int64_t row) const {
  DrawKey key;
  key.seed = settings_.seed;
  key.purpose = DrawPurpose::kSplit;
  key.epoch = static_cast<std::uint32_t>(batch.epoch);
  key.step = static_cast<std::uint64_t>(batch.step);
  key.sample = static_cast<std::uint64_t>(row);
  return key;
}

std::string Loader::Impl::place(const Batch& batch, std::int64_t row) const {
  const std::int64_t index = batch.indices[static_cast<std::size_t>(row)];
  return "loader: " + std::string(split_name(settings_.split)) + " sample " +
         std::to_string(index) + " ('" + dataset_.name(settings_.split, index) + "', epoch " +
         std::to_string(batch.epoch) + ", step " + std::to_string(batch.step) + "): ";
}

bool Loader::Impl::next(Batch& batch) {
  std::unique_lock lock(mutex_);
  if (failure_) std::rethrow_exception(failure_);
  if (taken_ >= end_) return false;
  const auto ready = [&] {
    return failure_ || (begun_ > taken_ && slot_of(taken_).unfinished == 0);
  };
  const Clock::time_point asked = Clock::now();
  if (!settings_.ahead) make_batch(lock);
  may_take_.wait(lock, ready);
  stats_.waited_s += seconds_since(asked);
  Slot& slot = slot_of(taken_);
  if (!failure_ && slot.error) {
    failure_ = slot.error;
    stop_ = true;
    may_claim_.notify_all();
  }
  if (failure_) std::rethrow_exception(failure_);
  std::swap(batch, slot.batch);  // what the consumer brought back is written next
  ++taken_;
  stats_.images += batch.size();
  may_claim_.notify_all();
  return true;
}

LoaderStats Loader::Impl::stats() const {
  const std::lock_guard lock(mutex_);
  LoaderStats stats = stats_;
  stats.elapsed_s = seconds_since(started_);
  return stats;
}

Loader::Loader(const Dataset& dataset, const ViewMaker& maker, const LoaderSettings& settings)
    : impl_(std::make_unique<Impl>(dataset, maker, settings)) {
  impl_->start();
}
Loader::~Loader() = default;

std::int64_t Loader::steps_per_epoch() const { return impl_->steps_per_epoch(); }
bool Loader::next(Batch& batch) { return impl_->next(batch); }
LoaderStats Loader::stats() const { return impl_->stats(); }

}  // namespace kith::host
