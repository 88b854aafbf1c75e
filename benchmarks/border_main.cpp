// SPDX-License-Identifier: Apache-2.0
//
// What the border costs: one program, so that the precompiled header of LibTorch is made once.
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include <string>

#include "border_benchmarks.h"
#include "tensor/allocator.h"

int main(int argc, char** argv) {
  kith::host::set_up_memory();  // as `kith` does, for both sides
  at::set_num_threads(1);
  if (argc == 5 && std::string(argv[1]) == "step")  // one measurement of the step benchmark
    return kith::benchmarks::run_steps(argv[2], argv[3], std::stoi(argv[4]));
  if (argc == 5 && std::string(argv[1]) == "optimizer")
    return kith::benchmarks::run_optimizer(argv[2], std::stoi(argv[3]), argv[4]);
  kith::benchmarks::add_operator_benchmarks();
  kith::benchmarks::add_step_benchmarks();
  kith::benchmarks::add_memory_benchmarks();
  kith::benchmarks::add_nearest_rows_benchmark();
  kith::benchmarks::add_softmax_loss_benchmarks();
  kith::benchmarks::add_gathered_rows_dot_benchmarks();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
