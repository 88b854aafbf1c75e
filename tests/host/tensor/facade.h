// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <kith/gradient.hpp>
#include <string>

#include "tensor/border.h"
#include "tensor/handle.h"

/// The SDK's facade in this program: it is a plugin of itself, through the same tables.
namespace kith::host::test {

/// A suite whose tests call the facade.
class FacadeTest : public testing::Test {
 protected:
  void SetUp() override {
    kith::detail::host_pointer = host_table();
    at::manual_seed(1);
  }
};

inline kith::Tensor to_facade(const at::Tensor& t) { return kith::Tensor::adopt(wrap(t)); }
inline at::Tensor to_host(const kith::Tensor& t) { return unwrap(t.handle()); }

inline bool same(const kith::Tensor& a, const at::Tensor& b) {
  const auto x = to_host(a);
  return x.scalar_type() == b.scalar_type() && x.sizes() == b.sizes() && at::equal(x, b);
}

/// The text of the E that `work` throws; empty if it throws none.
template <class E, class Work>
std::string error_of(Work&& work) {
  try {
    work();
  } catch (const E& e) {
    return e.what();
  }
  return {};
}

}  // namespace kith::host::test
