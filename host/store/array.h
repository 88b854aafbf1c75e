// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace kith::host {

/// Element type of a stored array. The numbers are those of KITH_DTYPE_* in the C border.
enum class DType : std::int32_t {
  kUint8 = 0,
  kInt8 = 1,
  kInt16 = 2,
  kInt32 = 3,
  kInt64 = 4,
  kFloat16 = 5,
  kFloat32 = 6,
  kFloat64 = 7,
  kBool = 8,  ///< one byte, 0 or 1
  kBFloat16 = 9,
};

/// Bytes of one element.
std::size_t dtype_size(DType dtype);

/// "float32", "bfloat16", ...: the word that messages and files use.
const char* dtype_name(DType dtype);

/// Number of elements of a shape; 1 for a 0-d array, 0 for one with a zero extent.
/// @throws ShapeError if an extent is negative or the product overflows.
std::int64_t element_count(const std::vector<std::int64_t>& shape);

/// "[256, 128]"; "[]" for a 0-d array.
std::string shape_text(const std::vector<std::int64_t>& shape);

/// Contiguous row-major array that somebody else owns; how tensors reach this folder.
struct ArrayView {
  DType dtype = DType::kFloat32;
  std::vector<std::int64_t> shape;
  const void* data = nullptr;  ///< may be null only if byte_size() is 0

  std::int64_t count() const { return element_count(shape); }
  /// @throws ShapeError as element_count.
  std::size_t byte_size() const;
};

/// Contiguous row-major array that owns its bytes (native byte order); what loading gives.
struct Array {
  DType dtype = DType::kFloat32;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> bytes;

  ArrayView view() const { return {dtype, shape, bytes.data()}; }
};

}  // namespace kith::host
