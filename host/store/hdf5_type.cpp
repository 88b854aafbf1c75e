// SPDX-License-Identifier: Apache-2.0
#include "store/hdf5_type.h"

#include <array>
#include <kith/error.hpp>

namespace kith::host::h5 {

namespace {

Handle copy_type(hid_t original) {
  const hid_t id = H5Tcopy(original);
  check(id, "make a type");
  return {id, H5Tclose};
}

// A two-byte little-endian floating-point type with the sign in the highest bit.
Handle make_half(std::size_t exponent_bits, std::size_t mantissa_bits, std::size_t bias) {
  Handle type = copy_type(H5T_IEEE_F32LE);
  check(H5Tset_fields(type.id(), 15, mantissa_bits, exponent_bits, 0, mantissa_bits),
        "make a two-byte type");
  check(H5Tset_size(type.id(), 2), "make a two-byte type");
  check(H5Tset_ebias(type.id(), bias), "make a two-byte type");
  return type;
}

Handle make_bool() {
  Handle type(H5Tenum_create(H5T_STD_I8LE), H5Tclose);
  check(type.id(), "make a truth type");
  const std::int8_t no = 0;
  const std::int8_t yes = 1;
  check(H5Tenum_insert(type.id(), "FALSE", &no), "make a truth type");
  check(H5Tenum_insert(type.id(), "TRUE", &yes), "make a truth type");
  return type;
}

}  // namespace

Handle make_type(DType dtype) {
  switch (dtype) {
    case DType::kUint8:
      return copy_type(H5T_STD_U8LE);
    case DType::kInt8:
      return copy_type(H5T_STD_I8LE);
    case DType::kInt16:
      return copy_type(H5T_STD_I16LE);
    case DType::kInt32:
      return copy_type(H5T_STD_I32LE);
    case DType::kInt64:
      return copy_type(H5T_STD_I64LE);
    case DType::kFloat16:
      return make_half(5, 10, 15);
    case DType::kFloat32:
      return copy_type(H5T_IEEE_F32LE);
    case DType::kFloat64:
      return copy_type(H5T_IEEE_F64LE);
    case DType::kBool:
      return make_bool();
    case DType::kBFloat16:
      return make_half(8, 7, 127);
  }
  throw DataError("no dtype has the number " + std::to_string(static_cast<int>(dtype)));
}

DType dtype_of(const Handle& type) {
  constexpr std::array kAll{DType::kUint8,    DType::kInt8,    DType::kInt16,   DType::kInt32,
                            DType::kInt64,    DType::kFloat16, DType::kFloat32, DType::kFloat64,
                            DType::kBFloat16, DType::kBool};
  for (const DType dtype : kAll) {
    const Handle candidate = make_type(dtype);
    const htri_t equal = H5Tequal(type.id(), candidate.id());
    check(equal, "compare types");
    if (equal > 0) return dtype;
  }
  throw DataError("its type is none that kith writes");
}

Handle make_text_type() {
  Handle type = copy_type(H5T_C_S1);
  check(H5Tset_size(type.id(), H5T_VARIABLE), "make a text type");
  check(H5Tset_cset(type.id(), H5T_CSET_UTF8), "make a text type");
  return type;
}

Handle make_record_type(std::size_t size) {
  Handle type(H5Tcreate(H5T_COMPOUND, size), H5Tclose);
  check(type.id(), "make a record type");
  return type;
}

void insert_member(const Handle& type, const char* name, std::size_t offset, DType dtype) {
  const Handle member = make_type(dtype);
  check(H5Tinsert(type.id(), name, offset, member.id()), "make a record type");
}

Handle make_space(const std::vector<std::int64_t>& shape) {
  if (shape.empty()) {
    Handle scalar(H5Screate(H5S_SCALAR), H5Sclose);
    check(scalar.id(), "make a space");
    return scalar;
  }
  const std::vector<hsize_t> extents(shape.begin(), shape.end());
  Handle space(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr),
               H5Sclose);
  check(space.id(), "make a space of shape " + shape_text(shape));
  return space;
}

std::vector<std::int64_t> shape_of(const Handle& space) {
  const int dimensions = H5Sget_simple_extent_ndims(space.id());
  check(dimensions, "read a shape");
  std::vector<hsize_t> extents(static_cast<std::size_t>(dimensions));
  if (dimensions > 0) {
    check(H5Sget_simple_extent_dims(space.id(), extents.data(), nullptr), "read a shape");
  }
  return {extents.begin(), extents.end()};
}

std::vector<const char*> text_pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  pointers.reserve(texts.size());
  for (const std::string& text : texts) {
    if (text.find('\0') != std::string::npos) {
      throw DataError("HDF5 keeps no text with a NUL in it, got '" + std::string(text.c_str()) +
                      "...'");
    }
    pointers.push_back(text.c_str());
  }
  return pointers;
}

std::vector<std::string> copy_texts(const std::vector<char*>& raw) {
  std::vector<std::string> texts;
  texts.reserve(raw.size());
  for (const char* text : raw) texts.emplace_back(text == nullptr ? "" : text);
  return texts;
}

}  // namespace kith::host::h5
