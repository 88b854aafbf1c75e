// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kith::host {

/// Has freed memory kept, and tensors laid in huge pages. Call once, first thing in a program: for
/// the whole process.
///
/// A training step frees and asks for the same sizes again and again. By default glibc unmaps
/// blocks above a threshold and trims the end of the heap, and the system then clears the same
/// pages anew in each step. And a step walks through more memory than the processor has room for
/// addresses of pages of 4 KiB: the heap of the main thread, and blocks above the threshold, are
/// advised as MADV_HUGEPAGE, which the system follows unless it is set to give none.
///
/// Rationale: glibc's tunable for huge pages is read before `main`, so the program would have to
/// start itself anew; LibTorch's THP_MEM_ALLOC_ENABLE asks for each block from 2 MiB on by itself,
/// and what lies between them stays in small pages.
void set_up_memory();

}  // namespace kith::host
