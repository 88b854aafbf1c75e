// SPDX-License-Identifier: Apache-2.0
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include "border_benchmarks.h"

/// What the border costs: one program, so that the precompiled header of LibTorch is made once.
int main(int argc, char** argv) {
  at::set_num_threads(1);
  kith::benchmarks::add_operator_benchmarks();
  kith::benchmarks::add_step_benchmarks();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
