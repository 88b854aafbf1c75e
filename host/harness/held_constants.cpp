// SPDX-License-Identifier: Apache-2.0
#include "harness/held_constants.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/library.h>

#include <kith/error.hpp>
#include <utility>

namespace kith::harness {
namespace {

/// A key that LibTorch keeps for tests, as this is: every operator comes here before it is called.
/// No run uses it.
constexpr auto kKey = c10::DispatchKey::TESTING_ONLY_GenericMode;

/// The recording or replay of this thread.
struct Course {
  std::vector<HeldConstants::Entry>& entries;
  bool records;
  std::size_t next = 0;
};
thread_local Course* course = nullptr;

bool is_constant(const at::Tensor& tensor) {
  return tensor.defined() && !tensor.requires_grad() &&
         !tensor.unsafeGetTensorImpl()->is_wrapped_number();
}

at::Tensor held(const std::string& operator_name, const at::Tensor& tensor) {
  auto& c = *course;
  if (c.records) {
    // Batch norm writes to running averages that its schema has as read alone.
    c.entries.push_back({operator_name, tensor.clone()});
    return tensor;
  }
  const auto differs = [&](const std::string& what) {
    throw PluginError("it calls " + what +
                      " where it did not before: a step must not depend on values");
  };
  if (c.next == c.entries.size()) differs(operator_name);
  const auto& entry = c.entries[c.next++];
  if (entry.operator_name != operator_name || entry.value.sizes() != tensor.sizes() ||
      entry.value.scalar_type() != tensor.scalar_type())
    differs(operator_name + " on " + c10::str(tensor.sizes()));
  return entry.value;
}

c10::IValue held(const std::string& operator_name, const c10::IValue& value) {
  if (value.isTensor())
    return is_constant(value.toTensor()) ? held(operator_name, value.toTensor()) : value;
  if (value.isTensorList()) {
    c10::List<at::Tensor> list;
    for (const at::Tensor& tensor : value.toTensorVector())
      list.push_back(is_constant(tensor) ? held(operator_name, tensor) : tensor);
    return list;
  }
  if (value.isOptionalTensorList()) {
    c10::List<std::optional<at::Tensor>> list;
    for (const std::optional<at::Tensor>& tensor : value.toOptionalTensorVector())
      list.push_back(tensor && is_constant(*tensor) ? held(operator_name, *tensor) : tensor);
    return list;
  }
  return value;
}

void look_at(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const c10::impl::ExcludeDispatchKeyGuard not_inside(kKey);
  if (course != nullptr && at::GradMode::is_enabled()) {
    const auto& arguments = op.schema().arguments();
    const auto name = op.schema().name();
    const auto first = stack->size() - arguments.size();
    // What is viewed or written to must stay itself.
    for (std::size_t i = 0; i < arguments.size(); ++i)
      if (arguments[i].alias_info() == nullptr)
        (*stack)[first + i] = held(name, (*stack)[first + i]);
  }
  op.callBoxed(stack);
}

void run(Course mine, const std::function<void()>& work) {
  static auto* const library = [] {
    auto* made = new torch::Library(torch::Library::IMPL, "_", kKey, __FILE__, __LINE__);
    made->fallback(torch::CppFunction::makeFromBoxedFunction<&look_at>());
    return made;
  }();
  static_cast<void>(library);
  struct Restore {
    Course* before;
    ~Restore() { course = before; }
  } const restore{std::exchange(course, &mine)};
  const c10::impl::IncludeDispatchKeyGuard looking(kKey);
  work();
  if (!mine.records && mine.next != mine.entries.size())
    throw PluginError("it makes fewer calls than before: a step must not depend on values");
}

}  // namespace

void HeldConstants::record(const std::function<void()>& work) {
  entries_.clear();
  recorded_ = true;
  run({entries_, true}, work);
}

void HeldConstants::replay(const std::function<void()>& work) { run({entries_, false}, work); }

}  // namespace kith::harness
