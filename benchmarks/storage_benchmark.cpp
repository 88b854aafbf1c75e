// SPDX-License-Identifier: Apache-2.0
//
// What a checkpoint costs the thread that trains: written by that thread, against copied and handed
// to the thread that writes (store/storage_thread.h). 205 MB, as of ResNet-50 with momentum, in
// tensors of 2.36 million numbers (3 x 3 x 512 x 512 channels).
#include <benchmark/benchmark.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "pairs.h"
#include "store/checkpoint.h"
#include "store/storage_thread.h"

namespace kith::benchmarks {
namespace {

using Tensors = std::vector<std::vector<float>>;

constexpr std::int64_t kNumbers = 9 * 512 * 512;
constexpr int kTensors = 22, kPairs = 5;

host::ArrayViews views_of(const Tensors& state) {
  host::ArrayViews views;
  for (std::size_t i = 0; i < state.size(); ++i)
    views["tensor" + std::to_string(i)] = {host::DType::kFloat32, {kNumbers}, state[i].data()};
  return views;
}

/// In the current folder: the time of a write is that of its disk.
void checkpoint(benchmark::State& result) {
  const Tensors state(kTensors, std::vector<float>(kNumbers, 0.5F));
  const auto folder = std::filesystem::current_path() / "storage_benchmark_checkpoints";
  host::CheckpointStore store(folder, 1);
  for (auto _ : result) {
    host::StorageThread thread;
    const auto m = measure_pairs(
        kPairs, [&] { store.save(1, 1, views_of(state), {}); },
        [&] {
          const double begin = seconds_of(CLOCK_MONOTONIC);
          thread.post([&store, copy = state] { store.save(2, 1, views_of(copy), {}); });
          const Duration held{seconds_of(CLOCK_MONOTONIC) - begin, 0};
          thread.wait();  // so that the next is not slowed by this one
          return held;
        });
    result.SetIterationTime(m.second.wall);
    result.counters["written_ms"] = 1e3 * m.first.wall;
    result.counters["handed_over_ms"] = 1e3 * m.second.wall;
    result.counters["times_shorter"] = 1 / m.ratio.wall;
    result.counters["pairs"] = kPairs;
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace kith::benchmarks

int main(int argc, char** argv) {
  benchmark::RegisterBenchmark("checkpoint/205_MB", kith::benchmarks::checkpoint)
      ->Iterations(1)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
