// SPDX-License-Identifier: Apache-2.0
#include "data/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <kith/error.hpp>
#include <numeric>
#include <thread>

#include "data/sampler.h"
#include "data_files.h"

namespace kith::host {
namespace {

using test::error_text;
using test::memory_source;
using ::testing::HasSubstr;

constexpr std::size_t kFirstView = 7, kSecondView = 3;

/// Views that depend on everything a view may depend on.
class MixingMaker : public ViewMaker {
 public:
  std::function<void(const SampleKey&, int view)> hook;
  mutable std::atomic<int> states{0};

  std::unique_ptr<ThreadState> make_thread_state() const override {
    ++states;
    return std::make_unique<ThreadState>();
  }
  void make_view(const Image& image, const SampleKey& key, int view, float* slot,
                 ThreadState&) const override {
    if (hook) hook(key, view);
    const std::size_t floats = view == 0 ? kFirstView : kSecondView;
    const auto place =
        static_cast<float>(key.seed + 3 * static_cast<std::uint64_t>(
                                              key.epoch * 1000 + key.step * 100 + key.position));
    for (std::size_t i = 0; i < floats; ++i) {
      slot[i] = place + static_cast<float>(image.pixels[i]) / 256 + static_cast<float>(key.index);
    }
  }
};

LoaderSettings settings_for(std::int64_t batch, int threads) {
  LoaderSettings settings;
  settings.batch_size = batch;
  settings.view_floats = {kFirstView, kSecondView};
  settings.seed = 11;
  settings.threads = threads;
  settings.end_epoch = 3;
  return settings;
}

struct Copy {
  std::vector<float> views;
  std::vector<std::int64_t> indices, labels;
  std::int64_t epoch, step;
  friend bool operator==(const Copy&, const Copy&) = default;
};

std::vector<Copy> drain(Loader& loader) {
  std::vector<Copy> all;
  Batch batch;
  while (loader.next(batch)) {
    Copy copy{{}, batch.indices, batch.labels, batch.epoch, batch.step};
    for (const AlignedBuffer& view : batch.views) {
      copy.views.insert(copy.views.end(), view.data(), view.data() + view.size());
    }
    all.push_back(std::move(copy));
  }
  return all;
}

std::vector<Copy> run(const Dataset& dataset, const LoaderSettings& settings) {
  const MixingMaker maker;
  Loader loader(dataset, maker, settings);
  return drain(loader);
}

TEST(SamplerTest, OrderIsAPermutationThatDependsOnSeedAndEpochAlone) {
  const auto order = epoch_order(1000, 5, 2);
  EXPECT_EQ(order, epoch_order(1000, 5, 2));
  EXPECT_NE(order, epoch_order(1000, 5, 3));
  EXPECT_NE(order, epoch_order(1000, 6, 2));
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::int64_t> all(1000);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(sorted, all);
  EXPECT_NE(order, all);
}

TEST(SamplerTest, EverySampleComesFirstEquallyOften) {
  // 6,000 epochs of 6 samples: 1,000 each, deviation sqrt(6000 * 1/6 * 5/6) = 28.9; 5 of them.
  std::vector<int> first(6);
  for (int epoch = 0; epoch < 6000; ++epoch)
    ++first[static_cast<std::size_t>(epoch_order(6, 1, epoch)[0])];
  for (const int count : first) EXPECT_NEAR(count, 1000, 145);
}

TEST(LoaderTest, GivesTheSameBatchesOnAnyNumberOfThreads) {
  const Dataset dataset(memory_source(103), 0);
  const auto one = run(dataset, settings_for(10, 1));
  ASSERT_EQ(one.size(), 30U);
  for (const int threads : {2, 3, 8}) {
    for (const int prefetch : {1, 2, 5}) {
      LoaderSettings settings = settings_for(10, threads);
      settings.prefetch = prefetch;
      EXPECT_EQ(run(dataset, settings), one) << threads << " threads, prefetch " << prefetch;
    }
  }
}

TEST(LoaderTest, GivesTheSameBatchesWhenTheyAreMadeWithinNext) {
  const Dataset dataset(memory_source(103), 0);
  const auto ahead = run(dataset, settings_for(10, 2));
  for (const int threads : {1, 2, 8}) {
    LoaderSettings settings = settings_for(10, threads);
    settings.ahead = false;
    EXPECT_EQ(run(dataset, settings), ahead) << threads << " threads";
  }
}

TEST(LoaderTest, MakesNothingBetweenCallsUnlessItMayWorkAhead) {
  const Dataset dataset(memory_source(103), 0);
  std::atomic<int> made{0};
  MixingMaker maker;
  maker.hook = [&](const SampleKey&, int) { ++made; };
  LoaderSettings settings = settings_for(10, 3);
  settings.ahead = false;
  Loader loader(dataset, maker, settings);
  Batch batch;
  for (int step = 1; step <= 5; ++step) {
    ASSERT_TRUE(loader.next(batch));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(made.load(), 20 * step);  // 10 images of 2 views
  }
}

TEST(LoaderTest, FollowsTheOrderOfTheEpochAndDropsThePartialBatch) {
  const Dataset dataset(memory_source(25), 0);
  const auto batches = run(dataset, settings_for(10, 2));
  ASSERT_EQ(batches.size(), 6U);
  for (std::size_t b = 0; b < batches.size(); ++b) {
    const auto epoch = static_cast<std::int64_t>(b / 2), step = static_cast<std::int64_t>(b % 2);
    EXPECT_EQ(batches[b].epoch, epoch);
    EXPECT_EQ(batches[b].step, step);
    const auto order = epoch_order(25, 11, epoch);
    for (std::size_t row = 0; row < 10; ++row) {
      const std::int64_t index = order[static_cast<std::size_t>(step) * 10 + row];
      EXPECT_EQ(batches[b].indices[row], index);
      EXPECT_EQ(batches[b].labels[row], index % 2);
    }
  }
}

TEST(LoaderTest, StartsAnywhereWithTheSameBatches) {
  const Dataset dataset(memory_source(52), 0);
  const auto all = run(dataset, settings_for(10, 2));
  for (std::size_t start : {0U, 1U, 5U, 7U, 14U}) {
    LoaderSettings settings = settings_for(10, 3);
    settings.epoch = static_cast<std::int64_t>(start / 5);
    settings.step = static_cast<std::int64_t>(start % 5);
    const std::vector<Copy> rest(all.begin() + static_cast<std::ptrdiff_t>(start), all.end());
    EXPECT_EQ(run(dataset, settings), rest) << start;
  }
}

TEST(LoaderTest, EndsAtOnceWhenItStartsAtTheEnd) {
  const Dataset dataset(memory_source(52), 0);
  LoaderSettings settings = settings_for(10, 2);
  settings.epoch = 3;
  EXPECT_TRUE(run(dataset, settings).empty());
  settings.epoch = 4;
  EXPECT_TRUE(run(dataset, settings).empty());
}

TEST(LoaderTest, KeepsTheOrderAndThePartialBatchWithoutShuffling) {
  const Dataset dataset(memory_source(25), 0);
  LoaderSettings settings = settings_for(10, 2);
  settings.shuffle = false;
  settings.end_epoch = 1;
  const auto batches = run(dataset, settings);
  ASSERT_EQ(batches.size(), 3U);
  EXPECT_EQ(batches[2].indices, (std::vector<std::int64_t>{20, 21, 22, 23, 24}));
  EXPECT_EQ(batches[2].views.size(), 5 * (kFirstView + kSecondView));
}

TEST(LoaderTest, AlignsViewsAndReusesBuffers) {
  const Dataset dataset(memory_source(100), 0);
  const MixingMaker maker;
  LoaderSettings settings = settings_for(10, 2);
  settings.end_epoch = 20;
  Loader loader(dataset, maker, settings);
  Batch batch;
  std::vector<const float*> seen;
  while (loader.next(batch)) {
    for (const AlignedBuffer& view : batch.views) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(view.data()) % 64, 0U);
    }
    seen.push_back(batch.views[0].data());
  }
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  EXPECT_LE(seen.size(), 3U);  // two made ahead, one with the consumer
  EXPECT_EQ(maker.states, 2);
}

TEST(LoaderTest, MakesNoMoreThanPrefetchBatchesAhead) {
  const Dataset dataset(memory_source(100), 0);
  MixingMaker maker;
  std::atomic<int> rows{0};
  maker.hook = [&](const SampleKey&, int view) { rows += view == 0 ? 1 : 0; };
  LoaderSettings settings = settings_for(10, 4);
  settings.prefetch = 3;
  Loader loader(dataset, maker, settings);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_LE(rows, 30);
  Batch batch;
  ASSERT_TRUE(loader.next(batch));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_LE(rows, 40);
}

TEST(LoaderTest, ReportsTheFirstFailedRowOnAnyNumberOfThreads) {
  const auto order = epoch_order(40, 11, 0);
  // Rows 13 and 17 (batch 1, rows 3 and 7) and row 31 fail.
  const std::vector<std::int64_t> bad = {order[13], order[17], order[31]};
  const Dataset dataset(
      memory_source(40,
                    [&](std::int64_t index) {
                      // The earlier a row, the later it fails.
                      if (index == bad[0])
                        std::this_thread::sleep_for(std::chrono::milliseconds(20));
                      if (std::find(bad.begin(), bad.end(), index) != bad.end()) {
                        throw DataError("broken " + std::to_string(index));
                      }
                    }),
      0);
  const std::string expected = "loader: train sample " + std::to_string(bad[0]) + " ('m/" +
                               std::to_string(bad[0]) + "', epoch 0, step 1): broken " +
                               std::to_string(bad[0]);
  for (const int threads : {1, 2, 8}) {
    const MixingMaker maker;
    Loader loader(dataset, maker, settings_for(10, threads));
    Batch batch;
    ASSERT_TRUE(loader.next(batch));
    EXPECT_EQ(error_text<DataError>([&] { loader.next(batch); }), expected);
    EXPECT_EQ(error_text<DataError>([&] { loader.next(batch); }), expected);
  }
}

TEST(LoaderTest, KeepsTheTypeOfAPluginsError) {
  const Dataset dataset(memory_source(40), 0);
  MixingMaker maker;
  maker.hook = [](const SampleKey&, int) { throw PluginError("flip: cannot"); };
  Loader loader(dataset, maker, settings_for(10, 2));
  Batch batch;
  EXPECT_THAT(error_text<PluginError>([&] { loader.next(batch); }),
              HasSubstr("epoch 0, step 0): flip: cannot"));
}

TEST(LoaderTest, AnExceptionOfUnknownTypeIsADataError) {
  const Dataset dataset(memory_source(40), 0);
  MixingMaker maker;
  maker.hook = [](const SampleKey&, int) { throw 5; };
  Loader loader(dataset, maker, settings_for(10, 2));
  Batch batch;
  EXPECT_THAT(error_text<DataError>([&] { loader.next(batch); }),
              HasSubstr("an exception of unknown type"));
}

TEST(LoaderTest, StopsCleanlyWhenItIsDestroyedEarly) {
  const Dataset dataset(memory_source(1000), 0);
  const MixingMaker maker;
  for (int taken = 0; taken < 4; ++taken) {
    LoaderSettings settings = settings_for(10, 4);
    settings.end_epoch = 1000;
    Loader loader(dataset, maker, settings);
    Batch batch;
    for (int i = 0; i < taken; ++i) ASSERT_TRUE(loader.next(batch));
  }
}

TEST(LoaderTest, PassesOnWhatAThreadStateThrows) {
  class Failing : public MixingMaker {
    std::unique_ptr<ThreadState> make_thread_state() const override {
      if (++states == 2) throw PluginError("no scratch");
      return std::make_unique<ThreadState>();
    }
  };
  const Dataset dataset(memory_source(100), 0);
  const Failing maker;
  EXPECT_EQ(error_text<PluginError>([&] { Loader(dataset, maker, settings_for(10, 2)); }),
            "no scratch");
}

TEST(LoaderTest, RefusesABatchLargerThanTheSplitWithBothNumbers) {
  const Dataset dataset(memory_source(9), 0);
  const MixingMaker maker;
  EXPECT_EQ(error_text<DataError>([&] { Loader(dataset, maker, settings_for(10, 1)); }),
            "loader: batch_size must be at most the 9 images of train, got 10");
  LoaderSettings empty = settings_for(1, 1);
  empty.split = Split::kVal;
  EXPECT_EQ(error_text<DataError>([&] { Loader(dataset, maker, empty); }),
            "loader: val has no image");
  EXPECT_THAT(error_text<ConfigError>([&] { Loader(dataset, maker, settings_for(2, 0)); }),
              HasSubstr("must be at least 1, got 2, 0, 2"));
}

TEST(LoaderTest, RefusesATestSplitThatWasNotOpened) {
  Source source = memory_source(9);
  source.test = memory_source(4).train;
  Dataset dataset(std::move(source), 0);
  const MixingMaker maker;
  LoaderSettings settings = settings_for(3, 1);
  settings.split = Split::kTest;
  settings.shuffle = false;
  settings.end_epoch = 1;
  EXPECT_EQ(error_text<DataError>([&] { Loader(dataset, maker, settings); }),
            "data: test was asked for before it was opened");
  dataset.open_test();
  EXPECT_EQ(run(dataset, settings).size(), 2U);
}

TEST(LoaderTest, CountsImagesAndTheTimeThatTheConsumerWaited) {
  const Dataset dataset(memory_source(20), 0);
  MixingMaker maker;
  maker.hook = [](const SampleKey&, int view) {
    if (view == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  };
  LoaderSettings settings = settings_for(10, 1);
  settings.end_epoch = 1;
  Loader loader(dataset, maker, settings);
  EXPECT_EQ(drain(loader).size(), 2U);
  const LoaderStats stats = loader.stats();
  EXPECT_EQ(stats.images, 20);
  EXPECT_GT(stats.waited_s, 0.01);
  EXPECT_GE(stats.elapsed_s, stats.waited_s);
}

TEST(ForEachImageTest, VisitsAllImagesInOrder) {
  const Dataset dataset(memory_source(25), 0);
  for (const int threads : {1, 4}) {
    std::int64_t seen = 0;
    for_each_image(dataset, Split::kTrain, 10, threads,
                   [&](std::int64_t first, std::span<const Image> images) {
                     EXPECT_EQ(first, seen);
                     for (const Image& image : images) {
                       const auto seed = static_cast<std::uint32_t>(seen++);
                       EXPECT_EQ(image.pixels, test::noise_image(4, 5, 3, seed).pixels);
                     }
                   });
    EXPECT_EQ(seen, 25);
  }
}

TEST(ForEachImageTest, ThrowsTheLowestFailure) {
  const Dataset dataset(
      memory_source(25,
                    [](std::int64_t index) {
                      if (index == 12) std::this_thread::sleep_for(std::chrono::milliseconds(10));
                      if (index >= 12) throw DataError("broken " + std::to_string(index));
                    }),
      0);
  for (const int threads : {1, 4}) {
    EXPECT_EQ(error_text<DataError>([&] {
                for_each_image(dataset, Split::kTrain, 10, threads,
                               [](std::int64_t, std::span<const Image>) {});
              }),
              "broken 12");
  }
}

}  // namespace
}  // namespace kith::host
