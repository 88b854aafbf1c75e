// SPDX-License-Identifier: Apache-2.0
#include "sweep/process_pool.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <kith/error.hpp>

#include "temp_folder.h"

namespace kith::host {
namespace {

using testing::HasSubstr;

/// Runs shell scripts, which write one line each to a common file when they begin and end.
class ProcessPoolTest : public testing::Test {
 protected:
  PoolJob job(const std::string& script, std::int64_t threads = 1) const {
    return {{"/bin/sh", "-c",
             "echo + $KITH_CORES >> " + trace().string() + "; " + script +
                 "; code=$?; echo - $KITH_CORES >> " + trace().string() + "; exit $code"},
            threads,
            folder_ / "out",
            folder_ / "err"};
  }
  bool run(const std::vector<PoolJob>& jobs, const PoolLimits& limits) {
    ends_.resize(jobs.size());
    PoolEvents events;
    events.make = [&](std::size_t i) { return jobs[i]; };
    events.on_end = [&](std::size_t i, const ProcessEnd& end) { ends_[i] = end; };
    events.stop = [&] { return stop_(); };
    return run_pool(jobs.size(), limits, events);
  }
  std::filesystem::path trace() const { return folder_ / "trace"; }
  std::string text_of(const std::filesystem::path& file) const {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  /// The most shares that ran together, and the most processes.
  std::pair<int, int> most_at_once() const {
    std::ifstream stream(trace());
    std::string sign;
    int threads = 0, now = 0, most = 0, running = 0, most_running = 0;
    while (stream >> sign >> threads) {
      now += sign == "+" ? threads : -threads;
      running += sign == "+" ? 1 : -1;
      most = std::max(most, now);
      most_running = std::max(most_running, running);
    }
    return {most, most_running};
  }

  TempFolder folder_;
  std::vector<ProcessEnd> ends_;
  std::function<int()> stop_ = [] { return 0; };
};

TEST_F(ProcessPoolTest, HowEachEndedIsToldAndNoneEndsTheOthers) {
  EXPECT_TRUE(run({job("true"), job("exit 4"), job("kill -9 $$"), job("true")}, {1, 1}));
  EXPECT_EQ(ends_[0].code, 0);
  EXPECT_EQ(end_text(ends_[1]), "ended with exit code 4");
  EXPECT_EQ(end_text(ends_[2]), "was ended by signal 9 (Killed)");
  EXPECT_EQ(ends_[3].code, 0);
}

TEST_F(ProcessPoolTest, SharesTogetherNeverExceedTheCores) {
  // Two of one core fit beside each other, the one of three waits for both, that of nine is alone.
  const std::string nap = "sleep 0.15";
  EXPECT_TRUE(run({job(nap), job(nap), job(nap, 3), job(nap), job(nap, 9)}, {3, 4}));
  const auto text = text_of(trace());
  EXPECT_EQ(text.substr(text.find("+ 9")), "+ 9\n- 9\n");
  std::ofstream(trace()) << text.substr(0, text.find("+ 9"));
  const auto [most, running] = most_at_once();
  EXPECT_EQ(most, 4);
  EXPECT_EQ(running, 2);
}

TEST_F(ProcessPoolTest, NoMoreRunThanAreAsked) {
  EXPECT_TRUE(run(std::vector<PoolJob>(5, job("sleep 0.1")), {2, 100}));
  EXPECT_EQ(most_at_once().second, 2);
}

TEST_F(ProcessPoolTest, AStopIsPassedOnOnceAndNoMoreAreBegun) {
  stop_ = [&] { return text_of(trace()).empty() ? 0 : SIGINT; };
  const auto with_trap =
      PoolJob{{"/bin/sh", "-c",
               "trap 'echo caught >> " + trace().string() + "; exit 3' TERM; echo + 1 >> " +
                   trace().string() + "; while true; do sleep 0.02; done"},
              1,
              folder_ / "out",
              folder_ / "err"};
  EXPECT_FALSE(run({with_trap, job("true")}, {1, 4}));
  EXPECT_EQ(ends_[0].code, 3);
  EXPECT_EQ(ends_[1].code, -1);
  EXPECT_EQ(text_of(trace()), "+ 1\ncaught\n");
}

TEST_F(ProcessPoolTest, OutputIsKeptAndTheErrorIsTheLastLinesWithoutTheLog) {
  run({job("echo first"), job("echo second; echo '12:30:59 warning of old' >&2; echo 'train: bad' "
                              ">&2; exit 1")},
      {1, 1});
  EXPECT_EQ(text_of(folder_ / "out"), "first\nsecond\n");
  EXPECT_EQ(last_error(folder_ / "err"), "train: bad");
  EXPECT_EQ(last_error(folder_ / "nothing"), "");
}

TEST_F(ProcessPoolTest, AProgramThatIsNotThereIsAnError) {
  auto missing = job("true");
  missing.command[0] = "/no/such/program";
  try {
    run({missing}, {1, 1});
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("sweep: cannot start /no/such/program: No such file"));
  }
}

}  // namespace
}  // namespace kith::host
