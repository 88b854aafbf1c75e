// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/abi/method.h>
#include <kith/abi/module.h>
#include <kith/abi/tensor.h>

#include <span>
#include <string>

namespace kith::host {

struct Service {
  const char* id;
  std::uint32_t size;  // bytes of the table
  const void* table;
};

/// All services that this host offers to plugins; static. [any thread]
std::span<const Service> services();

const kith_tensor_api* tensor_service();
const kith_module_api* module_service();
const kith_training_api* training_service();

/// Does this LibTorch have the operator ("aten::clamp_min", "aten::add.Tensor")? [any thread]
bool has_operator(const std::string& name);

/// As "2.15.0".
std::string libtorch_version();

}  // namespace kith::host
