// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/aligned_buffer.h"
#include "data/dataset.h"
#include "data/image.h"
#include "data/image_part.h"
#include "data/sample.h"

namespace kith::host {

/// Turns an image into the views of a sample. One object serves all threads.
class ViewMaker {
 public:
  /// Scratch space of one thread.
  class ThreadState {
   public:
    virtual ~ThreadState() = default;
  };

  virtual ~ViewMaker() = default;
  /// Called once by each loader thread.
  virtual std::unique_ptr<ThreadState> make_thread_state() const {
    return std::make_unique<ThreadState>();
  }
  /// The part of an image of this size from which make_view makes this view. All of it, unless
  /// overridden. [any thread]
  virtual ImagePart part(const ImageSize& size, const SampleKey& key, int view,
                         ThreadState& state) const {
    static_cast<void>(key), static_cast<void>(view), static_cast<void>(state);
    return whole_of(size);
  }
  /// Writes view `view` (from 0) of the image, of which at least that part is decoded, to `slot`,
  /// which has room for that view's floats.
  /// A pure function of image, key and view. [any thread]
  virtual void make_view(const Image& image, const SampleKey& key, int view, float* slot,
                         ThreadState& state) const = 0;
};

/// One batch of views, in the memory that the loader wrote them to.
struct Batch {
  std::vector<AlignedBuffer> views;   ///< By view: [size, floats of that view], float32.
  std::vector<std::int64_t> indices;  ///< By row: index of the sample in its split.
  std::vector<std::int64_t> labels;   ///< By row: kNoLabel without labels.
  std::int64_t epoch = 0;
  std::int64_t step = 0;  ///< Batch within the epoch.

  std::int64_t size() const { return static_cast<std::int64_t>(indices.size()); }
};

struct LoaderSettings {
  Split split = Split::kTrain;
  /// Samples of the split that are handed out, rising; empty: all.
  std::vector<std::int64_t> chosen{};
  std::int64_t batch_size = 0;
  std::vector<std::size_t> view_floats;  ///< By view: floats of one sample's view.
  std::uint64_t seed = 0;
  /// True: each epoch in its own order, the last partial batch dropped (training). False: in the
  /// order of the split, the last partial batch kept (evaluation).
  bool shuffle = true;
  int threads = 1;  ///< That make views; at least 1.
  /// True: threads of the loader's own make batches ahead while the consumer computes. False: a
  /// batch is made within next(), by the caller's thread and threads - 1 that sleep in between.
  bool ahead = true;
  int prefetch = 2;            ///< Batches made ahead of the one that is asked for; at least 1.
  std::int64_t epoch = 0;      ///< Where to start.
  std::int64_t step = 0;       ///< Where to start within that epoch.
  std::int64_t end_epoch = 1;  ///< The first epoch that is not run.
};

/// What the loader did since it started.
struct LoaderStats {
  double waited_s = 0;  ///< Time that next() waited for a batch, or made it.
  double elapsed_s = 0;
  std::int64_t images = 0;  ///< Handed out.
  /// Rows whose image did not decode and that hold another one (see Loader), and why the first
  /// did not.
  std::int64_t filled = 0;
  std::string first_failure;
};

/// Makes batches of views. They are the same bit for bit on any number of threads, made ahead or
/// not.
///
/// Of an image that does not lie in memory the box around the parts that its views are made from is
/// decoded. Rationale: all rows above a part have to be unpacked with it, so that the parts one by
/// one would cost more, but for small ones that lie far apart.
///
/// Where the data set leaves damaged images out and an image of a shuffled split does not decode
/// all the same (a disk that fails), its row is filled with another sample of the split, drawn with
/// the key {seed, purpose kSplit, epoch, step, sample: the row} named "slot": the first draw of 16
/// that decodes, among those that are handed out. The batch's index and label are those of the
/// sample that it holds. The data set and the view maker must outlive the loader. One consumer
/// thread.
class Loader {
 public:
  /// @throws DataError if the batch is larger than a split that drops partial batches, or the
  ///                   split is empty.
  Loader(const Dataset& dataset, const ViewMaker& maker, const LoaderSettings& settings);
  /// Stops the threads; a sample that one is at work on is finished first.
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  std::int64_t steps_per_epoch() const;

  /// Fills `batch` with the next one and reuses the buffers that were in it. False at the end.
  /// @throws DataError that names the sample, for the first row (in the order of batches and rows)
  ///                   that failed; every later call throws the same.
  bool next(Batch& batch);

  LoaderStats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Calls `visit(first, images)` for runs of at most `batch` consecutive images, in the order of the
/// split, the last partial run included. `visit` runs on the caller's thread, one call at a time;
/// decoding runs on `threads` threads.
/// @throws DataError as Loader::next, and whatever `visit` throws.
void for_each_image(const Dataset& dataset, Split split, std::int64_t batch, int threads,
                    const std::function<void(std::int64_t first, std::span<const Image>)>& visit);

}  // namespace kith::host
