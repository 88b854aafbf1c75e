// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>
#include <kith/abi/tensor.h>

#include <atomic>

/// What a plugin's kith_tensor points at. The tensor comes first, so that a pointer to the handle
/// is one to the tensor.
struct kith_tensor_s {
  at::Tensor value;
  std::atomic<std::int32_t> references{1};
};

namespace kith::host {

/// A new handle with one reference, which the receiver releases. Null for an undefined tensor.
inline kith_tensor wrap(at::Tensor value) {
  return value.defined() ? new kith_tensor_s{std::move(value)} : nullptr;
}

/// The tensor of a handle; undefined for null.
inline const at::Tensor& unwrap(kith_tensor handle) {
  static const auto* const undefined = new at::Tensor();
  return handle == nullptr ? *undefined : handle->value;
}

inline void retain(kith_tensor handle) {
  if (handle != nullptr) handle->references.fetch_add(1, std::memory_order_relaxed);
}

inline void release(kith_tensor handle) {
  if (handle != nullptr && handle->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
    delete handle;
}

/// Takes the tensor out of a handle that the caller owned.
inline at::Tensor take(kith_tensor handle) {
  at::Tensor value = unwrap(handle);
  release(handle);
  return value;
}

/// A handle that lives as long as this object: for passing a tensor into a plugin.
class Lent {
 public:
  explicit Lent(at::Tensor value) : handle_(wrap(std::move(value))) {}
  ~Lent() { release(handle_); }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;
  kith_tensor get() const { return handle_; }

 private:
  kith_tensor handle_;
};

}  // namespace kith::host
