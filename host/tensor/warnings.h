// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kith::host {

/// From now on LibTorch's warnings on this thread go to standard error as the program's own, each
/// text once. That an operator has no deterministic form on a GPU is said in the words of a run:
/// two runs of one seed may differ. [main thread, which the warnings of a backward pass come back
/// to]
void tell_warnings_once();

}  // namespace kith::host
