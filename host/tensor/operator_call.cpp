// SPDX-License-Identifier: Apache-2.0
#include "tensor/operator_call.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/jit_type.h>

#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "tensor/border.h"
#include "tensor/dtype.h"
#include "tensor/handle.h"
#include "tensor/services.h"

/// An operator resolved once, with what a call needs of its schema.
struct kith_op_s {
  struct Argument {
    std::string name;
    c10::TypePtr type;
    std::optional<std::int32_t> list_size;  // of "int[2]"
    std::optional<c10::IValue> standard;
  };
  std::string name;
  c10::OperatorHandle handle;
  std::vector<Argument> arguments;
  bool reads_back = false;
};

namespace kith::host {
namespace {

thread_local std::int64_t read_back_count = 0;
thread_local std::set<std::string>* record = nullptr;
thread_local std::vector<kith_value> waiting_results;

std::optional<c10::OperatorHandle> find_operator(const std::string& full_name) {
  const auto dot = full_name.find('.');
  return c10::Dispatcher::singleton().findSchema(
      {full_name.substr(0, dot), dot == std::string::npos ? "" : full_name.substr(dot + 1)});
}

std::unique_ptr<kith_op_s> make_operator(const std::string& name, c10::OperatorHandle handle) {
  auto op = std::make_unique<kith_op_s>(kith_op_s{name, handle, {}, false});
  for (const auto& argument : handle.schema().arguments())
    op->arguments.push_back(
        {argument.name(), argument.type(), argument.N(), argument.default_value()});
  static const char* const kReading[] = {"aten::item",
                                         "aten::nonzero",
                                         "aten::masked_select",
                                         "aten::index.Tensor",
                                         "aten::_local_scalar_dense",
                                         "aten::is_nonzero",
                                         "aten::equal"};
  for (const auto* reading : kReading) op->reads_back |= name == reading;
  return op;
}

[[noreturn]] void wrong_type(const kith_op_s::Argument& argument, const char* came) {
  throw ShapeError("argument '" + argument.name + "' wants " + argument.type->str() + ", got " +
                   came);
}

const char* tag_name(std::uint32_t tag) {
  static const char* const kNames[] = {
      "nothing",       "a tensor", "a whole number",    "a number", "true or false",   "text",
      "whole numbers", "numbers",  "a list of tensors", "a dtype",  "a list of texts", "a table"};
  return tag < std::size(kNames) ? kNames[tag] : "an unknown tag";
}

c10::IValue number(const kith_value& v, const kith_op_s::Argument& argument, c10::TypeKind wanted) {
  const bool wants_float = wanted == c10::TypeKind::FloatType;
  const bool wants_whole = wanted == c10::TypeKind::IntType || wanted == c10::TypeKind::SymIntType;
  switch (v.tag) {
    case KITH_INT:
      if (wanted == c10::TypeKind::BoolType) return v.v.i != 0;
      return wants_float ? c10::IValue(static_cast<double>(v.v.i)) : c10::IValue(v.v.i);
    case KITH_BOOL:
      if (wants_whole) return v.v.i;
      return wants_float ? c10::IValue(static_cast<double>(v.v.i)) : c10::IValue(v.v.i != 0);
    case KITH_DOUBLE:
      if (wants_whole || wanted == c10::TypeKind::BoolType)
        wrong_type(argument, "a number with a fraction");
      return v.v.d;
    case KITH_DTYPE:
      return static_cast<std::int64_t>(to_scalar_type(v.v.i));
    default:
      wrong_type(argument, tag_name(v.tag));
  }
}

c10::IValue list(const kith_value& v, const kith_op_s::Argument& argument,
                 const c10::TypePtr& element) {
  const auto kind = element->kind();
  if (kind == c10::TypeKind::TensorType && v.tag == KITH_TENSORS) {
    std::vector<at::Tensor> tensors;
    tensors.reserve(v.count);
    for (std::uint32_t i = 0; i < v.count; ++i) tensors.push_back(unwrap(v.v.tensors[i]));
    return tensors;
  }
  if (kind == c10::TypeKind::OptionalType && v.tag == KITH_TENSORS) {
    c10::List<std::optional<at::Tensor>> tensors;
    for (std::uint32_t i = 0; i < v.count; ++i) {
      const auto& t = unwrap(v.v.tensors[i]);
      tensors.push_back(t.defined() ? std::optional<at::Tensor>(t) : std::nullopt);
    }
    return tensors;
  }
  const bool whole = kind == c10::TypeKind::IntType || kind == c10::TypeKind::SymIntType;
  if (kind == c10::TypeKind::BoolType && v.tag == KITH_INTS) {  // "bool[3] output_mask"
    c10::List<bool> flags;
    for (std::uint32_t i = 0; i < v.count; ++i) flags.push_back(v.v.ints[i] != 0);
    return flags;
  }
  if (whole && v.tag == KITH_INTS) return std::vector<std::int64_t>(v.v.ints, v.v.ints + v.count);
  if (whole && v.tag == KITH_INT)
    return std::vector<std::int64_t>(static_cast<std::size_t>(argument.list_size.value_or(1)),
                                     v.v.i);
  if (kind == c10::TypeKind::FloatType && v.tag == KITH_DOUBLES)
    return std::vector<double>(v.v.doubles, v.v.doubles + v.count);
  wrong_type(argument, tag_name(v.tag));
}

c10::IValue convert(const kith_value& v, const kith_op_s::Argument& argument,
                    const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::TensorType:
      if (v.tag == KITH_TENSOR) return unwrap(v.v.tensor);
      wrong_type(argument, tag_name(v.tag));
    case c10::TypeKind::OptionalType:
      if (v.tag == KITH_NONE || (v.tag == KITH_TENSOR && v.v.tensor == nullptr)) return {};
      return convert(v, argument, type->castRaw<c10::OptionalType>()->getElementType());
    case c10::TypeKind::ListType:
      return list(v, argument, type->castRaw<c10::ListType>()->getElementType());
    case c10::TypeKind::StringType:
      if (v.tag == KITH_STRING) return std::string(v.v.text, v.count);
      wrong_type(argument, tag_name(v.tag));
    case c10::TypeKind::DeviceObjType:
      if (v.tag == KITH_STRING) return c10::Device(std::string(v.v.text, v.count));
      wrong_type(argument, tag_name(v.tag));
    default:
      return number(v, argument, type->kind());
  }
}

/// The place of a named argument. @throws ShapeError with the names that there are.
std::size_t place_of(const kith_op_s& op, const char* name) {
  std::string names;
  for (std::size_t i = 0; i < op.arguments.size(); ++i) {
    if (op.arguments[i].name == name) return i;
    names += (i == 0 ? "" : ", ") + op.arguments[i].name;
  }
  throw ShapeError(std::string("no argument '") + name + "'; it has " + names);
}

torch::jit::Stack make_stack(const kith_op_s& op, const kith_arg* args, std::uint32_t n_args) {
  const auto n = op.arguments.size();
  if (n_args > n)
    throw ShapeError("takes at most " + std::to_string(n) + " arguments, got " +
                     std::to_string(n_args));
  torch::jit::Stack stack(n);
  std::vector<bool> given(n, false);
  for (std::uint32_t i = 0; i < n_args; ++i) {
    const auto at = args[i].name == nullptr ? i : place_of(op, args[i].name);
    if (given[at]) throw ShapeError("argument '" + op.arguments[at].name + "' was given twice");
    stack[at] = convert(args[i].value, op.arguments[at], op.arguments[at].type);
    given[at] = true;
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (given[i]) continue;
    if (!op.arguments[i].standard)
      throw ShapeError("argument '" + op.arguments[i].name + "' is missing");
    stack[i] = *op.arguments[i].standard;
  }
  return stack;
}

kith_value result_value(const c10::IValue& v) {
  kith_value out{};
  if (v.isTensor()) {
    out.tag = KITH_TENSOR;
    out.v.tensor = wrap(v.toTensor());
  } else if (v.isInt()) {
    out.tag = KITH_INT;
    out.v.i = v.toInt();
  } else if (v.isDouble()) {
    out.tag = KITH_DOUBLE;
    out.v.d = v.toDouble();
  } else if (v.isBool()) {
    out.tag = KITH_BOOL;
    out.v.i = v.toBool() ? 1 : 0;
  } else if (!v.isNone()) {
    throw ShapeError("returned a " + v.tagKind() + ", which has no place on the border");
  }
  return out;
}

/// The shapes of the tensors given, for the text of an error: "self [4, 3], other [5, 2]".
std::string shapes_of(const kith_op_s& op, const kith_arg* args, std::uint32_t n_args) {
  std::string text;
  const auto add = [&](const std::string& name, kith_tensor t) {
    if (t == nullptr) return;
    text += (text.empty() ? "" : ", ") + name + " " + c10::str(unwrap(t).sizes());
  };
  for (std::uint32_t i = 0; i < n_args; ++i) {
    const auto& v = args[i].value;
    const std::string name = args[i].name != nullptr   ? args[i].name
                             : i < op.arguments.size() ? op.arguments[i].name
                                                       : "?";
    if (v.tag == KITH_TENSOR) add(name, v.v.tensor);
    if (v.tag == KITH_TENSORS)
      for (std::uint32_t k = 0; k < v.count; ++k)
        add(name + "[" + std::to_string(k) + "]", v.v.tensors[k]);
  }
  return text;
}

void release_all(std::vector<kith_value>& values) {
  for (const auto& v : values)
    if (v.tag == KITH_TENSOR) release(v.v.tensor);
  values.clear();
}

void call_and_write(const kith_op_s& op, const kith_arg* args, std::uint32_t n_args,
                    std::vector<kith_value>& out) {
  auto stack = make_stack(op, args, n_args);
  op.handle.callBoxed(stack);
  out.clear();  // here and not before: the operator may have called others
  for (const auto& value : stack) {
    if (value.isTensorList()) {
      for (const auto& tensor : value.toTensorVector()) out.push_back(result_value(tensor));
    } else {
      out.push_back(result_value(value));
    }
  }
}

}  // namespace

bool has_operator(const std::string& name) { return find_operator(name).has_value(); }

std::int64_t read_backs() { return read_back_count; }

OperatorRecord::OperatorRecord() : before_(std::exchange(record, &names_)) {}
OperatorRecord::~OperatorRecord() { record = before_; }

kith_status resolve_operator(const char* name, kith_op* op) {
  return serve("operator", [&] {
    static std::mutex mutex;
    static auto* const known = new std::unordered_map<std::string, std::unique_ptr<kith_op_s>>();
    const std::lock_guard lock(mutex);
    auto& entry = (*known)[name];
    if (entry == nullptr) {
      const auto handle = find_operator(name);
      if (!handle)
        throw PluginError("no '" + std::string(name) + "' in LibTorch " + libtorch_version());
      entry = make_operator(name, *handle);
    }
    *op = entry.get();
  });
}

kith_status call_operator(kith_op op, const kith_arg* args, std::uint32_t n_args,
                          kith_value* results, std::uint32_t capacity, std::uint32_t* n_results) {
  if (op->reads_back) ++read_back_count;
  if (record != nullptr) [[unlikely]]
    record->insert(op->name);
  try {
    thread_local std::vector<kith_value> values;
    call_and_write(*op, args, n_args, values);
    *n_results = static_cast<std::uint32_t>(values.size());
    if (values.size() > capacity) {
      release_all(waiting_results);  // of a call whose results nobody took
      waiting_results.swap(values);
      return KITH_MORE_RESULTS;
    }
    std::copy(values.begin(), values.end(), results);
    return KITH_OK;
  } catch (...) {
    return record_current_exception(op->name, shapes_of(*op, args, n_args));
  }
}

kith_status take_results(kith_value* results, std::uint32_t capacity) {
  return serve("take_results", [&] {
    if (waiting_results.empty() || capacity < waiting_results.size())
      throw ShapeError("wanted room for " + std::to_string(waiting_results.size()) +
                       " results, got " + std::to_string(capacity));
    std::copy(waiting_results.begin(), waiting_results.end(), results);
    waiting_results.clear();
  });
}

}  // namespace kith::host
