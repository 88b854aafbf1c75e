// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kith::benchmarks {

/// Names "frequent/..." and "other/...": one call of an operator.
void add_operator_benchmarks();
/// Names "step/...": whole training steps.
void add_step_benchmarks();
/// Names "memory/...": what a process holds after many of them.
void add_memory_benchmarks();

}  // namespace kith::benchmarks
