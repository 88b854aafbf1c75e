// SPDX-License-Identifier: Apache-2.0
#include <kith/harness.hpp>

#include "tensor/operator_call.h"

namespace kith::harness {

Calls record_calls(const std::function<void()>& work) {
  const host::OperatorRecord record;
  const auto before = host::read_backs();
  work();
  return {record.names(), host::read_backs() - before};
}

}  // namespace kith::harness
