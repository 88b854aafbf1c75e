// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/abi/tensor.h>

namespace kith::host {

/// Functions of kith.tensor/1: a backward written by hand, and segments that are run again; see
/// there.
kith_status custom_gradient(const kith_tensor* inputs, std::uint32_t n, const kith_tensor* outputs,
                            std::uint32_t m, const kith_backward* backward, kith_tensor* results);
kith_status checkpoint_segment(const kith_tensor* inputs, std::uint32_t n,
                               const kith_segment* segment, kith_tensor* outputs, std::uint32_t m);

}  // namespace kith::host
