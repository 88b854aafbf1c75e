// SPDX-License-Identifier: Apache-2.0
#include "store/storage_thread.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstring>
#include <future>
#include <kith/error.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <vector>

#include "store/checkpoint.h"
#include "store/json_log.h"
#include "store/run_file.h"
#include "store_files.h"

namespace kith::host {
namespace {

TEST(StorageThreadTest, DoesWorkInItsOrderWhileTheGiverGoesOn) {
  std::promise<void> gate;
  std::vector<int> done;
  std::thread::id worker;
  StorageThread thread;
  thread.post([&] {
    gate.get_future().wait();
    worker = std::this_thread::get_id();
  });
  for (int i = 0; i < 100; ++i) thread.post([&done, i] { done.push_back(i); });
  gate.set_value();  // reached only because no post waited for the first work
  thread.wait();
  std::vector<int> wanted(100);
  std::iota(wanted.begin(), wanted.end(), 0);
  EXPECT_EQ(done, wanted);
  EXPECT_NE(worker, std::this_thread::get_id());
}

TEST(StorageThreadTest, WaitsForOneWorkWhileLaterOnesAreLeft) {
  std::promise<void> gate;
  bool first = false, second = false;
  StorageThread thread;
  const auto number = thread.post([&] { first = true; });
  thread.post([&] {
    gate.get_future().wait();
    second = true;
  });
  thread.wait_for(0);
  thread.wait_for(number);
  EXPECT_TRUE(first);
  gate.set_value();
  thread.wait();
  EXPECT_TRUE(second);
}

TEST(StorageThreadTest, WhatWorkOwnsIsGivenBackBeforeWaitReturns) {
  StorageThread thread;
  auto owned = std::make_shared<int>(3);
  const std::weak_ptr<int> left = owned;
  thread.post([owned = std::move(owned)] { ASSERT_EQ(*owned, 3); });
  thread.wait();
  EXPECT_TRUE(left.expired());
}

TEST(StorageThreadTest, DoesWhatIsLeftBeforeItEnds) {
  int done = 0;
  {
    StorageThread thread;
    for (int i = 0; i < 10; ++i) thread.post([&] { ++done; });
  }
  EXPECT_EQ(done, 10);
}

TEST(StorageThreadTest, AfterAnErrorNothingIsDoneAndEachCallTellsOfIt) {
  const std::string text = "store: cannot write '/disk/a': No space left on device";
  int done = 0;
  StorageThread thread;
  std::promise<void> gate;
  thread.post([&] {
    gate.get_future().wait();
    ++done;
  });
  thread.post([&] { throw DataError(text); });
  thread.post([&] { ++done; });
  gate.set_value();
  EXPECT_EQ(error_of<DataError>([&] { thread.wait(); }), text);
  EXPECT_EQ(error_of<DataError>([&] { thread.post([&] { ++done; }); }), text);
  EXPECT_EQ(error_of<DataError>([&] { thread.wait(); }), text);
  EXPECT_EQ(done, 1);
}

TEST(StorageThreadTest, AnErrorThatNoCallToldOfIsLeftForOneWhoAsks) {
  const auto fails = [] { throw DataError("store: cannot write"); };
  StorageThread told, untold, well;
  told.post(fails);
  EXPECT_THROW(told.wait(), DataError);
  EXPECT_EQ(told.untold(), nullptr);
  untold.post(fails);
  EXPECT_EQ(error_of<DataError>([&] { std::rethrow_exception(untold.untold()); }),
            "store: cannot write");
  EXPECT_EQ(untold.untold(), nullptr);
  well.post([] {});
  EXPECT_EQ(well.untold(), nullptr);
  well.post(fails);
  EXPECT_NE(well.untold(), nullptr);
}

TEST(StorageThreadTest, SignalsAreForTheOtherThreads) {
  sigset_t blocked;
  sigemptyset(&blocked);
  StorageThread thread;
  thread.post([&] { pthread_sigmask(SIG_SETMASK, nullptr, &blocked); });
  thread.wait();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) EXPECT_EQ(sigismember(&blocked, signal), 1);
  sigset_t own;
  pthread_sigmask(SIG_SETMASK, nullptr, &own);
  EXPECT_EQ(sigismember(&own, SIGTERM), 0);
}

// A run in small: the giver changes its state at each step while what it gave is being written.
TEST(StorageThreadTest, WritesLogResultsAndCheckpointsOfARunThatGoesOn) {
  constexpr int kSteps = 40, kEvery = 8;
  const TempFolder folder;
  JsonLog log(folder / "log.jsonl");
  RunFile file(folder / "run.h5");
  CheckpointStore checkpoints(folder / "checkpoints", 2);
  {
    StorageThread thread;
    std::vector<float> weights(4096);
    for (int step = 1; step <= kSteps; ++step) {
      for (auto& w : weights) w += 1;
      thread.post([&, step] {
        log.write({{"step", step}});
        file.add_metric("train/loss", "1", {step, step / 8.0, 1.0 / step});
      });
      if (step % kEvery != 0) continue;
      thread.post([&, step, saved = weights] {
        file.commit();
        const auto rows = static_cast<std::int64_t>(saved.size());
        checkpoints.save(step, step / kEvery, {{"w", {DType::kFloat32, {rows}, saved.data()}}}, {});
      });
    }
    thread.wait();
  }
  ASSERT_EQ(checkpoints.list().size(), 2U);
  for (const auto& entry : checkpoints.list()) {
    const auto loaded = CheckpointStore::load(entry.path);
    float first = 0;
    std::memcpy(&first, loaded.arrays.at("w").bytes.data(), sizeof first);
    EXPECT_EQ(first, static_cast<float>(entry.step));
  }
  EXPECT_EQ(RunFile(folder / "run.h5").metrics().at("train/loss").rows.size(), kSteps);
  EXPECT_TRUE(read_bytes(folder / "log.jsonl").ends_with("{\"step\":39}\n{\"step\":40}\n"));
}

}  // namespace
}  // namespace kith::host
