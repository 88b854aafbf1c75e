// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <ctime>
#include <type_traits>
#include <vector>

namespace kith::benchmarks {

inline double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// How long a piece of work took, in seconds.
struct Duration {
  double wall = 0;
  double cpu = 0;  ///< of this thread: what other programs on the machine take is not in it
};

/// Of work that measures itself, what it returns.
template <class F>
Duration time_of(F&& work) {
  if constexpr (std::is_same_v<decltype(work()), Duration>) return work();
  const double wall = seconds_of(CLOCK_MONOTONIC), cpu = seconds_of(CLOCK_THREAD_CPUTIME_ID);
  work();
  return {seconds_of(CLOCK_MONOTONIC) - wall, seconds_of(CLOCK_THREAD_CPUTIME_ID) - cpu};
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto n = values.size();
  return n == 0 ? 0 : (values[(n - 1) / 2] + values[n / 2]) / 2;
}

/// Medians over pairs of one way of doing a thing and another, in seconds.
struct PairMedians {
  Duration first, second;
  Duration difference;  ///< second - first, within a pair
  Duration ratio;       ///< second / first, within a pair
};

/// Runs both in turn, `pairs` times, and swaps which comes first from pair to pair; one pair before
/// that does not count.
template <class A, class B>
PairMedians measure_pairs(int pairs, A&& first, B&& second) {
  first();
  second();
  std::vector<Duration> one, other;
  for (int i = 0; i < pairs; ++i) {
    if (i % 2 == 0) one.push_back(time_of(first));
    other.push_back(time_of(second));
    if (i % 2 != 0) one.push_back(time_of(first));
  }
  const auto over_pairs = [&](auto&& of) {
    std::vector<double> wall, cpu;
    for (std::size_t i = 0; i < one.size(); ++i) {
      wall.push_back(of(one[i].wall, other[i].wall));
      cpu.push_back(of(one[i].cpu, other[i].cpu));
    }
    return Duration{median(wall), median(cpu)};
  };
  return {over_pairs([](double a, double) { return a; }),
          over_pairs([](double, double b) { return b; }),
          over_pairs([](double a, double b) { return b - a; }),
          over_pairs([](double a, double b) { return b / a; })};
}

}  // namespace kith::benchmarks
