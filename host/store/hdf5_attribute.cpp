// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <kith/error.hpp>

#include "store/hdf5_dataset.h"

namespace kith::host::h5 {

namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

// A type, a space and their data go to an attribute; an empty list has no data.
void put(const Handle& object, const std::string& name, const Handle& type, const Handle& space,
         const void* data) {
  const std::string action = "write attribute '" + name + "'";
  const htri_t there = H5Aexists(object.id(), name.c_str());
  check(there, action);
  if (there > 0) check(H5Adelete(object.id(), name.c_str()), action);
  const Handle attribute(
      H5Acreate2(object.id(), name.c_str(), type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose);
  check(attribute.id(), action);
  if (data != nullptr) check(H5Awrite(attribute.id(), type.id(), data), action);
}

struct OpenAttribute {
  Handle attribute;
  Handle type;
  Handle space;
  std::vector<std::int64_t> shape;
  std::size_t count = 0;  ///< elements

  void read(const Handle& memory_type, void* data) const {
    if (count > 0) check(H5Aread(attribute.id(), memory_type.id(), data), "read an attribute");
  }
};

OpenAttribute open_attribute(const Handle& object, const std::string& name) {
  const std::string action = "read attribute '" + name + "'";
  OpenAttribute open;
  open.attribute = Handle(H5Aopen(object.id(), name.c_str(), H5P_DEFAULT), H5Aclose);
  check(open.attribute.id(), action);
  open.type = Handle(H5Aget_type(open.attribute.id()), H5Tclose);
  check(open.type.id(), action);
  open.space = Handle(H5Aget_space(open.attribute.id()), H5Sclose);
  check(open.space.id(), action);
  open.shape = shape_of(open.space);
  const hssize_t count = H5Sget_simple_extent_npoints(open.space.id());
  check(count, action);
  open.count = static_cast<std::size_t>(count);
  return open;
}

AttributeValue read_texts_of(const OpenAttribute& open) {
  const Handle type = make_text_type();
  std::vector<char*> raw(open.count);
  const Reclaim reclaim(type, open.space, raw.data());
  open.read(type, raw.data());
  std::vector<std::string> texts = copy_texts(raw);
  if (open.shape.empty()) return texts.at(0);
  return texts;
}

AttributeValue read_whole_numbers(const OpenAttribute& open) {
  std::vector<std::int64_t> numbers(open.count);
  open.read(make_type(DType::kInt64), numbers.data());
  if (open.shape.empty()) return numbers.at(0);
  return numbers;
}

std::int64_t extent(std::size_t size) { return static_cast<std::int64_t>(size); }

}  // namespace

void write_attribute(const Handle& object, const std::string& name, const AttributeValue& value) {
  const auto texts = [&](const std::vector<std::string>& list,
                         const std::vector<std::int64_t>& shape) {
    const std::vector<const char*> pointers = text_pointers(list);
    put(object, name, make_text_type(), make_space(shape),
        pointers.empty() ? nullptr : pointers.data());
  };
  std::visit(Overloaded{
                 [&](bool truth) {
                   const std::int8_t byte = truth ? 1 : 0;
                   put(object, name, make_type(DType::kBool), make_space({}), &byte);
                 },
                 [&](std::int64_t number) {
                   put(object, name, make_type(DType::kInt64), make_space({}), &number);
                 },
                 [&](double number) {
                   put(object, name, make_type(DType::kFloat64), make_space({}), &number);
                 },
                 [&](const std::string& text) { texts({text}, {}); },
                 [&](const std::vector<std::string>& list) { texts(list, {extent(list.size())}); },
                 [&](const std::vector<std::int64_t>& list) {
                   put(object, name, make_type(DType::kInt64), make_space({extent(list.size())}),
                       list.empty() ? nullptr : list.data());
                 },
             },
             value);
}

AttributeValue read_attribute(const Handle& object, const std::string& name) {
  const OpenAttribute open = open_attribute(object, name);
  const H5T_class_t kind = H5Tget_class(open.type.id());
  if (open.count > 0 || !open.shape.empty()) {
    if (kind == H5T_STRING && H5Tis_variable_str(open.type.id()) > 0) return read_texts_of(open);
    if (kind == H5T_INTEGER && open.shape.size() <= 1) return read_whole_numbers(open);
    if (kind == H5T_FLOAT && open.shape.empty()) {
      double number = 0;
      open.read(make_type(DType::kFloat64), &number);
      return number;
    }
    if (kind == H5T_ENUM && open.shape.empty() && dtype_of(open.type) == DType::kBool) {
      std::int8_t byte = 0;
      open.read(open.type, &byte);
      return byte != 0;
    }
  }
  throw DataError("cannot read attribute '" + name + "': its type is none that kith writes");
}

void copy_attribute(const Handle& from, const Handle& to, const std::string& name) {
  const OpenAttribute open = open_attribute(from, name);
  std::vector<std::byte> bytes(open.count * H5Tget_size(open.type.id()));
  const Reclaim reclaim(open.type, open.space, bytes.data());
  open.read(open.type, bytes.data());
  put(to, name, open.type, open.space, bytes.empty() ? nullptr : bytes.data());
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
