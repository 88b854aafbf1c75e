// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

/// One input for one reader; libFuzzer's name. Whatever the bytes are, it returns 0 in bounded time
/// and memory: errors of the reader are kith::Error and the like, all else ends the process.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);
