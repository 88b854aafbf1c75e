// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace kith::benchmarks {

/// Names "frequent/..." and "other/...": one call of an operator.
void add_operator_benchmarks();
/// Names "step/...": whole training steps.
void add_step_benchmarks();
/// Names "memory/...": what a process holds after many of them.
void add_memory_benchmarks();
/// Name "nearest_rows/...": a search in a bank.
void add_nearest_rows_benchmark();
/// Names "masked_softmax_loss/...", "paired_softmax_loss/...": losses over large score matrices.
void add_softmax_loss_benchmarks();
/// Names "gathered_rows_dot/...": scores against rows of a bank.
void add_gathered_rows_dot_benchmarks();

/// What the step benchmark's processes run: prints the losses of the first steps, then wall and
/// processor seconds of a step, the mean over `steps` more.
int run_steps(const std::string& network, const std::string& side, int steps);
/// What optimizers.py runs: reads shapes from standard input, writes the parameters after three
/// steps into the file, then prints processor seconds of a step, the median over `steps`.
int run_optimizer(const std::string& kind, int steps, const std::string& file);

}  // namespace kith::benchmarks
