// SPDX-License-Identifier: Apache-2.0
// The least that links with libFuzzer, to see whether it is there.
#include "fuzz_entry.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t*, std::size_t) { return 0; }
