// SPDX-License-Identifier: Apache-2.0
//
// kith::nearest_rows against matmul and topk on 512 queries at a time, the usual way to write kNN.
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include "border_benchmarks.h"
#include "operators/nearest_rows.h"
#include "pairs.h"

namespace kith::benchmarks {
namespace {

constexpr std::int64_t kQueries = 10000, kBankRows = 50000, kWidth = 128, kNearest = 20;
constexpr int kPairs = 15;

void nearest_rows(benchmark::State& state) {
  at::manual_seed(1);
  const auto unit = [](std::int64_t rows) {
    const auto x = at::randn({rows, kWidth});
    return x / x.norm(2, {1}, true);
  };
  const auto query = unit(kQueries), bank = unit(kBankRows);
  const auto tiled = host::nearest_rows_cpu(query, bank, kNearest),
             plain = host::nearest_rows_composed(query, bank, kNearest);
  const auto difference = (std::get<0>(tiled) - std::get<0>(plain)).abs().max().item<double>();
  if (!(difference <= 1e-6)) {  // float32 sums of 128 products below 1
    state.SkipWithError(("the products differ by " + std::to_string(difference)).c_str());
    return;
  }
  for (auto _ : state) {
    const auto m = measure_pairs(
        kPairs,
        [&] { benchmark::DoNotOptimize(host::nearest_rows_composed(query, bank, kNearest)); },
        [&] { benchmark::DoNotOptimize(host::nearest_rows_cpu(query, bank, kNearest)); });
    state.SetIterationTime(m.second.wall);
    state.counters["plain_s"] = m.first.wall;
    state.counters["tiled_s"] = m.second.wall;
    state.counters["times_faster"] = 1 / m.ratio.wall;
    state.counters["times_faster_cpu"] = 1 / m.ratio.cpu;
    state.counters["pairs"] = kPairs;
  }
}

}  // namespace

void add_nearest_rows_benchmark() {
  benchmark::RegisterBenchmark("nearest_rows/10000x50000x128", nearest_rows)
      ->Iterations(1)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace kith::benchmarks
