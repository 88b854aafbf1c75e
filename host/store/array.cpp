// SPDX-License-Identifier: Apache-2.0
#include "store/array.h"

#include <kith/abi/core.h>

#include <kith/error.hpp>
#include <limits>

namespace kith::host {

static_assert(static_cast<int>(DType::kUint8) == KITH_DTYPE_UINT8);
static_assert(static_cast<int>(DType::kInt8) == KITH_DTYPE_INT8);
static_assert(static_cast<int>(DType::kInt16) == KITH_DTYPE_INT16);
static_assert(static_cast<int>(DType::kInt32) == KITH_DTYPE_INT32);
static_assert(static_cast<int>(DType::kInt64) == KITH_DTYPE_INT64);
static_assert(static_cast<int>(DType::kFloat16) == KITH_DTYPE_FLOAT16);
static_assert(static_cast<int>(DType::kFloat32) == KITH_DTYPE_FLOAT32);
static_assert(static_cast<int>(DType::kFloat64) == KITH_DTYPE_FLOAT64);
static_assert(static_cast<int>(DType::kBool) == KITH_DTYPE_BOOL);
static_assert(static_cast<int>(DType::kBFloat16) == KITH_DTYPE_BFLOAT16);

namespace {

struct DTypeFacts {
  std::size_t size;
  const char* name;
};

DTypeFacts facts(DType dtype) {
  switch (dtype) {
    case DType::kUint8:
      return {1, "uint8"};
    case DType::kInt8:
      return {1, "int8"};
    case DType::kInt16:
      return {2, "int16"};
    case DType::kInt32:
      return {4, "int32"};
    case DType::kInt64:
      return {8, "int64"};
    case DType::kFloat16:
      return {2, "float16"};
    case DType::kFloat32:
      return {4, "float32"};
    case DType::kFloat64:
      return {8, "float64"};
    case DType::kBool:
      return {1, "bool"};
    case DType::kBFloat16:
      return {2, "bfloat16"};
  }
  throw DataError("store: no dtype has the number " + std::to_string(static_cast<int>(dtype)));
}

}  // namespace

std::size_t dtype_size(DType dtype) { return facts(dtype).size; }

const char* dtype_name(DType dtype) { return facts(dtype).name; }

std::int64_t element_count(const std::vector<std::int64_t>& shape) {
  // Zero extents are looked for first: [2^40, 2^40, 0] is an empty array, not an overflow.
  bool empty = false;
  for (std::int64_t extent : shape) {
    if (extent < 0) {
      throw ShapeError("store: a shape has no negative extent, got " + shape_text(shape));
    }
    empty = empty || extent == 0;
  }
  if (empty) return 0;
  std::int64_t count = 1;
  for (std::int64_t extent : shape) {
    if (count > std::numeric_limits<std::int64_t>::max() / extent) {
      throw ShapeError("store: the number of elements of shape " + shape_text(shape) +
                       " does not fit in 63 bits");
    }
    count *= extent;
  }
  return count;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

std::size_t ArrayView::byte_size() const {
  const std::int64_t elements = count();
  const auto size = static_cast<std::int64_t>(dtype_size(dtype));
  if (elements > std::numeric_limits<std::int64_t>::max() / size) {
    throw ShapeError("store: the bytes of shape " + shape_text(shape) + " do not fit in 63 bits");
  }
  return static_cast<std::size_t>(elements * size);
}

}  // namespace kith::host
