// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <kith/error.hpp>

#include "store/hdf5_type.h"

namespace kith::host::h5 {

namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

void put(const Handle& object, const std::string& name, const Handle& type,
         const std::vector<std::int64_t>& shape, const void* data) {
  const std::string action = "write attribute '" + name + "'";
  const htri_t there = H5Aexists(object.id(), name.c_str());
  check(there, action);
  if (there > 0) check(H5Adelete(object.id(), name.c_str()), action);
  const Handle space = make_space(shape);
  Handle attribute(
      H5Acreate2(object.id(), name.c_str(), type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose);
  check(attribute.id(), action);
  // An empty list has no element to point at.
  if (data != nullptr) check(H5Awrite(attribute.id(), type.id(), data), action);
}

std::int64_t extent(std::size_t size) { return static_cast<std::int64_t>(size); }

AttributeValue read_texts_of(const Handle& attribute, const Handle& space, bool scalar) {
  const Handle type = make_text_type();
  std::vector<char*> raw(static_cast<std::size_t>(kith::host::element_count(shape_of(space))));
  if (!raw.empty()) check(H5Aread(attribute.id(), type.id(), raw.data()), "read a text");
  std::vector<std::string> texts = take_texts(type, space, raw);
  if (scalar) return texts.at(0);
  return texts;
}

AttributeValue read_whole_numbers(const Handle& attribute, const Handle& space, bool scalar) {
  const Handle type = make_type(DType::kInt64);
  std::vector<std::int64_t> numbers(
      static_cast<std::size_t>(kith::host::element_count(shape_of(space))));
  if (!numbers.empty()) check(H5Aread(attribute.id(), type.id(), numbers.data()), "read numbers");
  if (scalar) return numbers.at(0);
  return numbers;
}

}  // namespace

void write_attribute(const Handle& object, const std::string& name, const AttributeValue& value) {
  const auto texts = [&](const std::vector<std::string>& list,
                         const std::vector<std::int64_t>& shape) {
    const std::vector<const char*> pointers = text_pointers(list);
    put(object, name, make_text_type(), shape, pointers.empty() ? nullptr : pointers.data());
  };
  std::visit(
      Overloaded{
          [&](bool truth) {
            const std::int8_t byte = truth ? 1 : 0;
            put(object, name, make_type(DType::kBool), {}, &byte);
          },
          [&](std::int64_t number) { put(object, name, make_type(DType::kInt64), {}, &number); },
          [&](double number) { put(object, name, make_type(DType::kFloat64), {}, &number); },
          [&](const std::string& text) { texts({text}, {}); },
          [&](const std::vector<std::string>& list) { texts(list, {extent(list.size())}); },
          [&](const std::vector<std::int64_t>& list) {
            put(object, name, make_type(DType::kInt64), {extent(list.size())},
                list.empty() ? nullptr : list.data());
          },
      },
      value);
}

AttributeValue read_attribute(const Handle& object, const std::string& name) {
  const std::string action = "read attribute '" + name + "'";
  Handle attribute(H5Aopen(object.id(), name.c_str(), H5P_DEFAULT), H5Aclose);
  check(attribute.id(), action);
  Handle type(H5Aget_type(attribute.id()), H5Tclose);
  check(type.id(), action);
  Handle space(H5Aget_space(attribute.id()), H5Sclose);
  check(space.id(), action);
  const std::vector<std::int64_t> shape = shape_of(space);
  const bool scalar = shape.empty();
  const H5T_class_t kind = H5Tget_class(type.id());
  if (kind == H5T_STRING && H5Tis_variable_str(type.id()) > 0) {
    return read_texts_of(attribute, space, scalar);
  }
  if (kind == H5T_INTEGER && shape.size() <= 1) return read_whole_numbers(attribute, space, scalar);
  if (kind == H5T_FLOAT && scalar) {
    double number = 0;
    const Handle wanted = make_type(DType::kFloat64);
    check(H5Aread(attribute.id(), wanted.id(), &number), action);
    return number;
  }
  if (kind == H5T_ENUM && scalar && dtype_of(type) == DType::kBool) {
    std::int8_t byte = 0;
    check(H5Aread(attribute.id(), type.id(), &byte), action);
    return byte != 0;
  }
  throw DataError("cannot " + action + ": its type is none that kith writes");
}

std::vector<std::string> list_attributes(const Handle& object) {
  std::vector<std::string> names;
  const auto add = [](hid_t, const char* name, const H5A_info_t*, void* data) -> herr_t {
    static_cast<std::vector<std::string>*>(data)->emplace_back(name);
    return 0;
  };
  check(H5Aiterate2(object.id(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, add, &names),
        "list attributes");
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace kith::host::h5
