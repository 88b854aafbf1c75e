// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kith::benchmarks {

/// Names "frequent/..." and "other/...": one call of an operator.
void add_operator_benchmarks();
/// Names "step/..." and "memory/...": whole training steps.
void add_step_benchmarks();

}  // namespace kith::benchmarks
