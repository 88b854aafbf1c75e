// SPDX-License-Identifier: Apache-2.0
//
// What a process holds after many training steps.
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <unistd.h>

#include <fstream>

#include "border_benchmarks.h"
#include "simclr_steps.h"

namespace kith::benchmarks {
namespace {

struct Memory {
  double resident_kib = 0;   ///< of this process
  double allocated_kib = 0;  ///< what malloc has given out and was not given back
};

Memory memory_now() {
  std::ifstream file("/proc/self/statm");
  double size = 0, resident = 0;
  file >> size >> resident;
  const auto heap = ::mallinfo2();
  return {resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024,
          static_cast<double>(heap.uordblks + heap.hblkhd) / 1024};
}

void memory(benchmark::State& state, const std::string& network) {
  const auto made = make_kith_steps(network);
  const auto run = [&](int steps) {
    for (int i = 0; i < steps; ++i) made->step();
    return memory_now();
  };
  for (auto _ : state) {
    const auto after200 = run(200), after1200 = run(1000);
    state.counters["kib_at_200"] = after200.resident_kib;
    state.counters["kib_at_1200"] = after1200.resident_kib;
    state.counters["growth_kib"] = after1200.resident_kib - after200.resident_kib;
    state.counters["growth_allocated_kib"] = after1200.allocated_kib - after200.allocated_kib;
  }
}

}  // namespace

void add_memory_benchmarks() {
  for (const std::string network : {"mlp", "resnet18_eighth"})
    benchmark::RegisterBenchmark(("memory/" + network).c_str(),
                                 [network](benchmark::State& state) { memory(state, network); })
        ->Iterations(1)
        ->Unit(benchmark::kSecond);
}

}  // namespace kith::benchmarks
