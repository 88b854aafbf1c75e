// SPDX-License-Identifier: Apache-2.0
#include "tensor/operator_arguments.h"

#include <ATen/core/jit_type.h>

#include <algorithm>
#include <kith/error.hpp>
#include <optional>
#include <set>

#include "tensor/dtype.h"
#include "tensor/handle.h"

namespace kith::host {
namespace {

Wants wants_list(const c10::Type& element) {
  switch (element.kind()) {
    case c10::TypeKind::TensorType:
      return Wants::kTensors;
    case c10::TypeKind::OptionalType:
      return Wants::kOptionalTensors;
    case c10::TypeKind::BoolType:
      return Wants::kBools;
    case c10::TypeKind::FloatType:
      return Wants::kReals;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
      return Wants::kWholes;
    default:
      return Wants::kOther;
  }
}

Wants wants(const c10::Type& type) {
  switch (type.kind()) {
    case c10::TypeKind::TensorType:
      return Wants::kTensor;
    case c10::TypeKind::ListType:
      return wants_list(*type.castRaw<c10::ListType>()->getElementType());
    case c10::TypeKind::StringType:
      return Wants::kText;
    case c10::TypeKind::DeviceObjType:
      return Wants::kDevice;
    case c10::TypeKind::FloatType:
      return Wants::kReal;
    case c10::TypeKind::BoolType:
      return Wants::kBool;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
      return Wants::kWhole;
    default:
      return Wants::kNumber;
  }
}

ArgumentRule rule_of(const c10::Argument& argument) {
  const c10::Type* type = argument.type().get();
  ArgumentRule rule;
  if (const auto* optional = type->castRaw<c10::OptionalType>()) {
    rule.optional = true;
    type = optional->getElementType().get();
  }
  rule.wants = wants(*type);
  rule.list_size = static_cast<std::int16_t>(argument.N().value_or(1));
  return rule;
}

[[noreturn]] void wrong_type(const kith_op_s& op, std::size_t i, const char* came) {
  throw ShapeError("argument '" + op.argument(i).name() + "' wants " +
                   op.argument(i).type()->str() + ", got " + came);
}

const char* tag_name(std::uint32_t tag) {
  static const char* const kNames[] = {
      "nothing",       "a tensor", "a whole number",    "a number", "true or false",   "text",
      "whole numbers", "numbers",  "a list of tensors", "a dtype",  "a list of texts", "a table"};
  return tag < std::size(kNames) ? kNames[tag] : "an unknown tag";
}

c10::IValue number(const kith_value& v, const kith_op_s& op, std::size_t i) {
  const auto wanted = op.rules[i].wants;
  switch (v.tag) {
    case KITH_INT:
      if (wanted == Wants::kBool) return v.v.i != 0;
      return wanted == Wants::kReal ? c10::IValue(static_cast<double>(v.v.i)) : c10::IValue(v.v.i);
    case KITH_BOOL:
      if (wanted == Wants::kWhole) return v.v.i;
      return wanted == Wants::kReal ? c10::IValue(static_cast<double>(v.v.i))
                                    : c10::IValue(v.v.i != 0);
    case KITH_DOUBLE:
      if (wanted == Wants::kWhole || wanted == Wants::kBool)
        wrong_type(op, i, "a number with a fraction");
      return v.v.d;
    case KITH_DTYPE:
      return static_cast<std::int64_t>(to_scalar_type(v.v.i));
    default:
      wrong_type(op, i, tag_name(v.tag));
  }
}

c10::IValue tensors(const kith_value& v) {
  std::vector<at::Tensor> list;
  list.reserve(v.count);
  for (std::uint32_t i = 0; i < v.count; ++i) list.push_back(unwrap(v.v.tensors[i]));
  return list;
}

c10::IValue optional_tensors(const kith_value& v) {
  c10::List<std::optional<at::Tensor>> list;
  for (std::uint32_t i = 0; i < v.count; ++i) {
    const auto& t = unwrap(v.v.tensors[i]);
    list.push_back(t.defined() ? std::optional<at::Tensor>(t) : std::nullopt);
  }
  return list;
}

c10::IValue flags(const kith_value& v) {  // "bool[3] output_mask"
  c10::List<bool> list;
  for (std::uint32_t i = 0; i < v.count; ++i) list.push_back(v.v.ints[i] != 0);
  return list;
}

c10::IValue convert(const kith_value& v, const kith_op_s& op, std::size_t i) {
  const auto& rule = op.rules[i];
  if (rule.optional && (v.tag == KITH_NONE || (v.tag == KITH_TENSOR && v.v.tensor == nullptr)))
    return {};
  switch (rule.wants) {
    case Wants::kTensor:
      if (v.tag == KITH_TENSOR) return unwrap(v.v.tensor);
      break;
    case Wants::kTensors:
      if (v.tag == KITH_TENSORS) return tensors(v);
      break;
    case Wants::kOptionalTensors:
      if (v.tag == KITH_TENSORS) return optional_tensors(v);
      break;
    case Wants::kWholes:
      if (v.tag == KITH_INTS) return std::vector<std::int64_t>(v.v.ints, v.v.ints + v.count);
      if (v.tag == KITH_INT)
        return std::vector<std::int64_t>(static_cast<std::size_t>(rule.list_size), v.v.i);
      break;
    case Wants::kReals:
      if (v.tag == KITH_DOUBLES) return std::vector<double>(v.v.doubles, v.v.doubles + v.count);
      break;
    case Wants::kBools:
      if (v.tag == KITH_INTS) return flags(v);
      break;
    case Wants::kText:
      if (v.tag == KITH_STRING) return std::string(v.v.text, v.count);
      break;
    case Wants::kDevice:
      if (v.tag == KITH_STRING) return c10::Device(std::string(v.v.text, v.count));
      break;
    case Wants::kWhole:
    case Wants::kReal:
    case Wants::kBool:
    case Wants::kNumber:
      return number(v, op, i);
    case Wants::kOther:
      break;
  }
  wrong_type(op, i, tag_name(v.tag));
}

/// The place of a named argument. @throws ShapeError with the names that there are.
std::size_t place_of(const kith_op_s& op, const char* name) {
  std::string names;
  for (std::size_t i = 0; i < op.rules.size(); ++i) {
    if (op.argument(i).name() == name) return i;
    names += (i == 0 ? "" : ", ") + op.argument(i).name();
  }
  throw ShapeError(std::string("no argument '") + name + "'; it has " + names);
}

ReadsBack reading_of(const std::string& name) {
  static const std::set<std::string> always = {"aten::item",
                                               "aten::nonzero",
                                               "aten::nonzero_numpy",
                                               "aten::argwhere",
                                               "aten::where",
                                               "aten::masked_select",
                                               "aten::_local_scalar_dense",
                                               "aten::is_nonzero",
                                               "aten::equal",
                                               "aten::allclose",
                                               "aten::_unique2",
                                               "aten::unique_dim",
                                               "aten::bincount",
                                               "aten::unique_consecutive",
                                               "aten::repeat_interleave.Tensor"};
  static const std::set<std::string> with_mask = {"aten::index.Tensor", "aten::index_put",
                                                  "aten::index_put_", "aten::_index_put_impl_"};
  if (always.count(name) != 0) return ReadsBack::kAlways;
  return with_mask.count(name) != 0 ? ReadsBack::kWithMask : ReadsBack::kNever;
}

bool is_mask(kith_tensor handle) {
  const auto& t = unwrap(handle);
  return t.defined() && (t.scalar_type() == at::kBool || t.scalar_type() == at::kByte);
}

}  // namespace

std::unique_ptr<kith_op_s> make_operator(const std::string& name, c10::OperatorHandle handle) {
  auto op = std::make_unique<kith_op_s>(kith_op_s{name, handle, {}, {}, 0, ReadsBack::kNever});
  const auto& arguments = handle.schema().arguments();
  if (arguments.size() > 64) throw PluginError("has more than 64 arguments");
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    op->rules.push_back(rule_of(arguments[i]));
    op->standard.push_back(arguments[i].default_value().value_or(c10::IValue()));
    if (arguments[i].default_value()) op->has_standard |= std::uint64_t{1} << i;
  }
  op->reads_back = reading_of(name);
  return op;
}

torch::jit::Stack make_stack(const kith_op_s& op, const kith_arg* args, std::uint32_t n_args) {
  const auto n = op.rules.size();
  if (n_args > n)
    throw ShapeError("takes at most " + std::to_string(n) + " arguments, got " +
                     std::to_string(n_args));
  auto stack = op.standard;
  std::uint64_t given = 0;
  for (std::uint32_t i = 0; i < n_args; ++i) {
    const auto at = args[i].name == nullptr ? i : place_of(op, args[i].name);
    if (((given >> at) & 1U) != 0)
      throw ShapeError("argument '" + op.argument(at).name() + "' was given twice");
    stack[at] = convert(args[i].value, op, at);
    given |= std::uint64_t{1} << at;
  }
  for (std::size_t i = 0; i < n; ++i)
    if ((((given | op.has_standard) >> i) & 1U) == 0)
      throw ShapeError("argument '" + op.argument(i).name() + "' is missing");
  return stack;
}

bool reads_back(const kith_op_s& op, const kith_arg* args, std::uint32_t n_args) {
  if (op.reads_back != ReadsBack::kWithMask) return op.reads_back == ReadsBack::kAlways;
  for (std::uint32_t i = 0; i < n_args; ++i) {
    const auto& v = args[i].value;
    if (v.tag != KITH_TENSORS) continue;
    if (std::any_of(v.v.tensors, v.v.tensors + v.count, is_mask)) return true;
  }
  return false;
}

std::string shapes_of(const kith_op_s& op, const kith_arg* args, std::uint32_t n_args) {
  std::string text;
  const auto add = [&](const std::string& name, kith_tensor t) {
    if (t == nullptr) return;
    text += (text.empty() ? "" : ", ") + name + " " + c10::str(unwrap(t).sizes());
  };
  for (std::uint32_t i = 0; i < n_args; ++i) {
    const auto& v = args[i].value;
    const std::string name = args[i].name != nullptr ? args[i].name
                             : i < op.rules.size()   ? op.argument(i).name()
                                                     : "?";
    if (v.tag == KITH_TENSOR) add(name, v.v.tensor);
    if (v.tag == KITH_TENSORS)
      for (std::uint32_t k = 0; k < v.count; ++k)
        add(name + "[" + std::to_string(k) + "]", v.v.tensors[k]);
  }
  return text;
}

}  // namespace kith::host
