// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include "harness/values.h"

namespace kith::host::test {

/// Where tests that hold on any device put their tensors: KITH_DEVICE, else the CPU.
inline at::Device device() { return harness::device(); }

/// A dtype on that device.
inline at::TensorOptions on_device(at::ScalarType type) {
  return at::TensorOptions(type).device(device());
}

}  // namespace kith::host::test
