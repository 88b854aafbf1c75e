// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Device.h>

#include <cstdint>

namespace kith::host {

/// The most memory that this process held at once, in bytes.
std::int64_t peak_memory_bytes();
/// The most that LibTorch's allocator held of a GPU's memory at once; 0 for the CPU.
std::int64_t peak_device_memory_bytes(c10::Device device);

}  // namespace kith::host
