// SPDX-License-Identifier: Apache-2.0
//
// What the border costs: one program, so that the precompiled header of LibTorch is made once.
//   border_benchmark operators|steps|memory [OPTIONS OF GOOGLE BENCHMARK]
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>

#include "border_benchmarks.h"

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  at::set_num_threads(1);
  if (what == "operators") {
    kith::benchmarks::add_operator_benchmarks();
  } else if (what == "steps") {
    kith::benchmarks::add_step_benchmarks();
  } else if (what == "memory") {
    kith::benchmarks::add_memory_benchmarks();
  } else {
    std::fprintf(stderr, "border_benchmark: wanted operators, steps or memory, got '%s'\n",
                 what.c_str());
    return 2;
  }
  argv[1] = argv[0];
  --argc;
  ++argv;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
