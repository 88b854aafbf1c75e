// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kith::host {

/// Has the memory of tensors kept and laid in huge pages. Call once, first thing in a program: for
/// the whole process.
///
/// A training step frees and asks for the same sizes again and again. By default glibc unmaps
/// blocks above a threshold and trims the end of the heap, and the system then clears the same
/// pages anew in each step. And a step walks through more memory than the processor can look up in
/// pages of 4 KiB: where the system gives huge ones to who asks, LibTorch's allocator on the CPU
/// asks for them.
void set_up_memory();

}  // namespace kith::host
