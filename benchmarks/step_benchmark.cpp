// SPDX-License-Identifier: Apache-2.0
//
// Whole training steps through the border against the same program in LibTorch's own C++: one
// thread, equal parameters at the start, equal batches. Each measurement is a process of its own,
// as a training run is: in one process for both the two disturb each other's heap and caches. The
// losses are compared before anything is timed.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <sstream>
#include <stdexcept>

#include "border_benchmarks.h"
#include "child.h"
#include "pairs.h"
#include "simclr_steps.h"

namespace kith::benchmarks {
namespace {

constexpr int kCompared = 8;  // steps whose losses are compared; they warm up, too

struct Measured {
  std::vector<double> losses;
  Duration step;
};

Measured measure(const std::string& network, const std::string& side, int steps) {
  const auto child = run_child({"/proc/self/exe", "step", network, side, std::to_string(steps)});
  if (!child.reached) throw std::runtime_error(child.output);
  Measured m;
  m.losses.resize(kCompared);
  std::istringstream text(child.output);
  for (auto& loss : m.losses) text >> loss;
  text >> m.step.wall >> m.step.cpu;
  if (!text) throw std::runtime_error("step: unexpected output: " + child.output);
  return m;
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(a[i] - b[i]) / std::abs(b[i]));
  return largest;
}

void training_step(benchmark::State& state, const std::string& network, int pairs, int steps) {
  const auto difference =
      largest_difference(measure(network, "kith", 1).losses, measure(network, "native", 1).losses);
  if (!(difference <= 1e-6)) {  // float32: the order of sums may differ, no more
    state.SkipWithError(("the losses differ by " + std::to_string(difference)).c_str());
    return;
  }
  for (auto _ : state) {
    const auto m = measure_pairs(
        pairs, [&] { return measure(network, "native", steps).step; },
        [&] { return measure(network, "kith", steps).step; });
    state.SetIterationTime(m.second.wall);
    state.counters["native_ms"] = 1e3 * m.first.wall;
    state.counters["kith_ms"] = 1e3 * m.second.wall;
    state.counters["above_%"] = 100 * (m.ratio.wall - 1);
    state.counters["above_cpu_%"] = 100 * (m.ratio.cpu - 1);
    state.counters["above_us"] = 1e6 * m.difference.wall;
    state.counters["loss_diff"] = difference;
    state.counters["pairs"] = pairs;
  }
}

}  // namespace

int run_steps(const std::string& network, const std::string& side, int steps) {
  const auto made = side == "native" ? make_native_steps(network) : make_kith_steps(network);
  for (int i = 0; i < kCompared; ++i) std::printf("%.17g\n", made->step());
  const auto took = time_of([&] {
    for (int i = 0; i < steps; ++i) benchmark::DoNotOptimize(made->step());
  });
  std::printf("%.9g %.9g\n", took.wall / steps, took.cpu / steps);
  return 0;
}

void add_step_benchmarks() {
  for (const auto& network : step_networks()) {
    const int steps = network == "mlp" ? 400 : network == "resnet18_eighth" ? 10 : 5;
    benchmark::RegisterBenchmark(
        ("step/" + network).c_str(),
        [network, steps](benchmark::State& state) { training_step(state, network, 25, steps); })
        ->Iterations(1)
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace kith::benchmarks
