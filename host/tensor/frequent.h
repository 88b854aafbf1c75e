// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/abi/tensor.h>

namespace kith::host {

/// The typed entries of kith.tensor/1 for frequent operators: no schema is looked at; see there.
kith_status frequent_binary(std::uint32_t code, kith_tensor a, kith_tensor b, kith_tensor* out);
kith_status frequent_binary_scalar(std::uint32_t code, kith_tensor a, double b,
                                   std::int32_t b_is_int, kith_tensor* out);
kith_status frequent_unary(std::uint32_t code, kith_tensor a, kith_tensor* out);

}  // namespace kith::host
