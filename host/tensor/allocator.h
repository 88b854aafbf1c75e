// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kith::host {

/// Has the C library keep freed memory for the next step rather than give it back to the system.
/// Call once, first thing in a program: for the whole process.
///
/// A training step frees and asks for the same sizes again and again. By default glibc unmaps
/// blocks above a threshold and trims the end of the heap, and the system then clears the same
/// pages anew in each step.
void keep_freed_memory();

}  // namespace kith::host
