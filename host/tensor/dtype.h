// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/ScalarType.h>
#include <kith/abi/core.h>

#include <kith/error.hpp>

namespace kith::host {

inline at::ScalarType to_scalar_type(std::int64_t dtype) {
  switch (dtype) {
    case KITH_DTYPE_UINT8:
      return at::kByte;
    case KITH_DTYPE_INT8:
      return at::kChar;
    case KITH_DTYPE_INT16:
      return at::kShort;
    case KITH_DTYPE_INT32:
      return at::kInt;
    case KITH_DTYPE_INT64:
      return at::kLong;
    case KITH_DTYPE_FLOAT16:
      return at::kHalf;
    case KITH_DTYPE_FLOAT32:
      return at::kFloat;
    case KITH_DTYPE_FLOAT64:
      return at::kDouble;
    case KITH_DTYPE_BOOL:
      return at::kBool;
    case KITH_DTYPE_BFLOAT16:
      return at::kBFloat16;
    default:
      throw ShapeError("dtype: unknown code " + std::to_string(dtype));
  }
}

inline std::int32_t to_kith_dtype(at::ScalarType type) {
  switch (type) {
    case at::kByte:
      return KITH_DTYPE_UINT8;
    case at::kChar:
      return KITH_DTYPE_INT8;
    case at::kShort:
      return KITH_DTYPE_INT16;
    case at::kInt:
      return KITH_DTYPE_INT32;
    case at::kLong:
      return KITH_DTYPE_INT64;
    case at::kHalf:
      return KITH_DTYPE_FLOAT16;
    case at::kFloat:
      return KITH_DTYPE_FLOAT32;
    case at::kDouble:
      return KITH_DTYPE_FLOAT64;
    case at::kBool:
      return KITH_DTYPE_BOOL;
    case at::kBFloat16:
      return KITH_DTYPE_BFLOAT16;
    default:
      return -1;
  }
}

}  // namespace kith::host
