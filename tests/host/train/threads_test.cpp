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
  EXPECT_EQ(text(resolve_threads(0, 0, 8, false)), "6+2");
  EXPECT_EQ(text(resolve_threads(0, 0, 8, true)), "2+6");
  EXPECT_EQ(text(resolve_threads(0, 0, 2, false)), "1+1");
  EXPECT_EQ(text(resolve_threads(0, 0, 3, false)), "2+1");
}

TEST(ThreadsTest, OneCoreHasOneOfEach) {
  EXPECT_EQ(text(resolve_threads(0, 0, 1, false)), "1+1");
  EXPECT_EQ(text(resolve_threads(1, 1, 1, false)), "1+1");
  EXPECT_THROW(resolve_threads(2, 1, 1, false), ConfigError);
}

TEST(ThreadsTest, WhatIsGivenStaysAndTheRestIsFilledUp) {
  EXPECT_EQ(text(resolve_threads(3, 0, 8, false)), "3+5");
  EXPECT_EQ(text(resolve_threads(0, 3, 8, false)), "5+3");
  EXPECT_EQ(text(resolve_threads(2, 2, 8, false)), "2+2");
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

TEST(ThreadsTest, ThisProcessHasACore) { EXPECT_GE(usable_cores(), 1); }

}  // namespace
}  // namespace kith::host
