// SPDX-License-Identifier: Apache-2.0
#include "train/stop_signal.h"

#include <gtest/gtest.h>

#include <csignal>

namespace kith::host {
namespace {

TEST(StopSignalTest, KeepsTheFirstSignalAndForgetsItWithTheNextObject) {
  {
    const StopSignal stop;
    EXPECT_EQ(stop.received(), 0);
    std::raise(SIGTERM);
    EXPECT_EQ(stop.received(), SIGTERM);
  }
  const StopSignal next;
  EXPECT_EQ(next.received(), 0);
  std::raise(SIGINT);
  EXPECT_EQ(next.received(), SIGINT);
}

TEST(StopSignalTest, AClosedTerminalThatIsToldTwiceStopsOnce) {
  std::signal(SIGHUP, SIG_DFL);  // ignored, where the tests run under nohup
  const StopSignal stop;
  std::raise(SIGHUP);
  std::raise(SIGHUP);
  EXPECT_EQ(stop.received(), SIGHUP);
}

TEST(StopSignalTest, AnIgnoredHangUpStaysIgnored) {
  std::signal(SIGHUP, SIG_IGN);
  {
    const StopSignal stop;
    std::raise(SIGHUP);
    EXPECT_EQ(stop.received(), 0);
  }
  EXPECT_EQ(std::signal(SIGHUP, SIG_DFL), SIG_IGN);
}

TEST(StopSignalDeathTest, TheSecondSignalEndsTheProcess) {
  EXPECT_EXIT(
      {
        const StopSignal stop;
        std::raise(SIGINT);
        std::raise(SIGINT);
      },
      testing::ExitedWithCode(128 + SIGINT), "");
}

TEST(StopSignalDeathTest, WithoutAnObjectASignalDoesWhatItAlwaysDid) {
  EXPECT_EXIT(
      {
        { const StopSignal stop; }
        std::raise(SIGTERM);
      },
      testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace kith::host
