// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/autocast_mode.h>

namespace kith::host {

/// Automatic casting on a device while it lives; puts back what was there.
class Autocast {
 public:
  Autocast(at::DeviceType device, bool enabled, at::ScalarType dtype)
      : device_(device),
        enabled_before_(at::autocast::is_autocast_enabled(device)),
        dtype_before_(at::autocast::get_autocast_dtype(device)),
        nested_(enabled) {
    at::autocast::set_autocast_enabled(device_, enabled);
    if (!nested_) return;
    at::autocast::set_autocast_dtype(device_, dtype);
    at::autocast::increment_nesting();
  }
  ~Autocast() {
    if (nested_ && at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, enabled_before_);
    at::autocast::set_autocast_dtype(device_, dtype_before_);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  at::DeviceType device_;
  bool enabled_before_;
  at::ScalarType dtype_before_;
  bool nested_;
};

/// Forgets casts that were kept for reuse. A cast made without a gradient must not be used with
/// one: call where the recording of gradients changes.
inline void forget_casts() {
  if (at::autocast::is_autocast_enabled(at::kCPU) || at::autocast::is_autocast_enabled(at::kCUDA))
    at::autocast::clear_cache();
}

}  // namespace kith::host
