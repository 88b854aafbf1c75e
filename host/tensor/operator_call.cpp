// SPDX-License-Identifier: Apache-2.0
#include "tensor/operator_call.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <mutex>
#include <unordered_map>

#include "operators/register.h"
#include "tensor/border.h"
#include "tensor/handle.h"
#include "tensor/operator_arguments.h"
#include "tensor/services.h"

namespace kith::host {
namespace {

thread_local std::int64_t read_back_count = 0;
thread_local std::set<std::string>* record = nullptr;
thread_local std::vector<kith_value> waiting_results;

std::optional<c10::OperatorHandle> find_operator(const std::string& full_name) {
  register_host_operators();
  const auto dot = full_name.find('.');
  return c10::Dispatcher::singleton().findSchema(
      {full_name.substr(0, dot), dot == std::string::npos ? "" : full_name.substr(dot + 1)});
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
  if (reads_back(*op, args, n_args)) ++read_back_count;
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
