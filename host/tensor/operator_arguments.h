// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <kith/abi/tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace kith::host {

/// What an argument takes, told apart once: a call then reads two bytes and no type of LibTorch's.
enum class Wants : std::uint8_t {
  kTensor,
  kWhole,
  kReal,
  kBool,
  kNumber,  // of any kind
  kText,
  kDevice,
  kTensors,
  kOptionalTensors,
  kWholes,
  kReals,
  kBools,
  kOther,
};

/// Whether a call brings a tensor to the CPU.
enum class ReadsBack : std::uint8_t {
  kNever,
  kAlways,
  kWithMask,  // where an index is a mask: how many it picks is on the device
};

struct ArgumentRule {
  Wants wants = Wants::kOther;
  bool optional = false;
  std::int16_t list_size = 1;  // of "int[2]"
};

}  // namespace kith::host

/// An operator resolved once, with what a call needs of its schema.
struct kith_op_s {
  std::string name;
  c10::OperatorHandle handle;
  std::vector<kith::host::ArgumentRule> rules;
  torch::jit::Stack standard;      // default values, nothing where there is none
  std::uint64_t has_standard = 0;  // bit i: argument i has one
  kith::host::ReadsBack reads_back = kith::host::ReadsBack::kNever;

  const c10::Argument& argument(std::size_t i) const { return handle.schema().arguments()[i]; }
};

namespace kith::host {

/// @throws PluginError if it has more arguments than a call can mark.
std::unique_ptr<kith_op_s> make_operator(const std::string& name, c10::OperatorHandle handle);

/// The arguments in the schema's order, defaults filled in.
/// @throws ShapeError that names the argument: of a wrong type, missing, unknown, given twice.
torch::jit::Stack make_stack(const kith_op_s& op, const kith_arg* args, std::uint32_t n_args);

/// Whether this call brings a tensor to the CPU.
bool reads_back(const kith_op_s& op, const kith_arg* args, std::uint32_t n_args);

/// The shapes of the tensors given, for the text of an error: "self [4, 3], other [5, 2]".
std::string shapes_of(const kith_op_s& op, const kith_arg* args, std::uint32_t n_args);

}  // namespace kith::host
