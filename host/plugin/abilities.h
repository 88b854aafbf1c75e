// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/abi/core.h>

#include <functional>
#include <string>
#include <vector>

namespace kith::host {

/// What this host can do for a plugin. Given by the program, so that this folder needs no LibTorch.
struct HostAbilities {
  /// Whether the host has a service ("kith.tensor/1").
  std::function<bool(const std::string& service)> has_service;
  /// Whether its LibTorch (or the host itself) has an operator, by schema name and overload
  /// ("aten::add.Tensor").
  std::function<bool(const std::string& op)> has_operator;
  /// Names to suggest from where an operator is unknown; may be empty.
  std::function<std::vector<std::string>()> operator_names;
  /// Interfaces that the host can use.
  std::vector<std::string> interfaces = {"kith.augmentation/1", "kith.encoder/1",
                                         "kith.evaluation/1", "kith.loss/1", "kith.method/1"};
  std::string libtorch_version;  ///< "2.15.0"
  /// Handed to each plugin's entry; lives until the process ends. Null: nothing can be loaded, only
  /// read.
  const kith_host* host = nullptr;
};

}  // namespace kith::host
