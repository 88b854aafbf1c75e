// SPDX-License-Identifier: Apache-2.0
#include "train/threads.h"

#include <gtest/gtest.h>

#include <kith/error.hpp>
#include <string>

namespace kith::host {
namespace {

std::string text(const Threads& t) {
  return std::to_string(t.tensor) + "+" + std::to_string(t.loader);
}

TEST(ThreadsTest, AQuarterOfTheCoresLoadsAndWithAGpuItComputes) {
  EXPECT_EQ(text(resolve_threads({}, {}, 8, false)), "6+2");
  EXPECT_EQ(text(resolve_threads({}, {}, 4, false)), "3+1");
  EXPECT_EQ(text(resolve_threads({}, {}, 8, true)), "2+6");
  EXPECT_EQ(text(resolve_threads({}, {}, 2, true)), "1+1");
}

TEST(ThreadsTest, OfLessThanFourCoresEachDoesBothInTurn) {
  EXPECT_EQ(text(resolve_threads({}, {}, 3, false)), "3+0");
  EXPECT_EQ(text(resolve_threads({}, {}, 2, false)), "2+0");
  EXPECT_EQ(text(resolve_threads({}, {}, 1, false)), "1+0");
  EXPECT_EQ(text(resolve_threads({}, {}, 1, true)), "1+0");
  EXPECT_THROW(resolve_threads(1, 1, 1, false), ConfigError);
}

TEST(ThreadsTest, WhatIsGivenStaysAndTheRestIsFilledUp) {
  EXPECT_EQ(text(resolve_threads(3, {}, 8, false)), "3+5");
  EXPECT_EQ(text(resolve_threads({}, 3, 8, false)), "5+3");
  EXPECT_EQ(text(resolve_threads({}, 0, 8, false)), "8+0");
  EXPECT_EQ(text(resolve_threads(2, 2, 8, false)), "2+2");
  EXPECT_EQ(text(resolve_threads(2, {}, 2, false)), "2+0");
}

TEST(ThreadsTest, MoreThanTheCoresIsAnError) {
  try {
    resolve_threads(6, 4, 8, false);
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_STREQ(e.what(),
                 "train: tensor_threads and loader_threads together must not exceed the 8 cores, "
                 "got 6 and 4");
  }
}

TEST(ThreadsTest, WorkBeforeTheFirstStepTakesTheThreadsOfTheRun) {
  TrainConfig train;
  EXPECT_EQ(startup_threads(train), 1);
  train.tensor_threads = 2;
  train.loader_threads = 1;
  EXPECT_EQ(startup_threads(train), 3);
  train.loader_threads = 30;
  EXPECT_EQ(startup_threads(train), 8);
  EXPECT_EQ(startup_threads(std::int64_t{1}), 1);
}

TEST(ThreadsTest, ThisProcessHasACore) { EXPECT_GE(usable_cores(), 1); }

}  // namespace
}  // namespace kith::host
