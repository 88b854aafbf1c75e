// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "build_facts.h"
#include "tensor/autocast.h"
#include "tensor/border.h"
#include "tensor/dtype.h"
#include "tensor/frequent.h"
#include "tensor/gradient.h"
#include "tensor/handle.h"
#include "tensor/operator_call.h"
#include "tensor/services.h"

namespace kith::host {
namespace {

void info(kith_tensor tensor, kith_tensor_info* out) {
  const auto size = out->struct_size;
  *out = kith_tensor_info{};
  out->struct_size = size;
  if (tensor == nullptr) return;
  const auto& t = tensor->value;
  out->dtype = to_kith_dtype(t.scalar_type());
  out->device = t.is_cuda() ? KITH_DEVICE_CUDA : KITH_DEVICE_CPU;
  out->device_index = t.is_cuda() ? t.get_device() : 0;
  out->dim = t.dim();
  out->numel = t.numel();
  out->sizes = t.sizes().data();
  out->requires_grad = t.requires_grad() ? 1 : 0;
  if (t.layout() != at::kStrided || !t.has_storage())
    return;  // sparse: no strides, no first element
  out->strides = t.strides().data();
  out->data = t.data_ptr();
  out->contiguous = t.is_contiguous() ? 1 : 0;
}

kith_status from_data(const void* data, std::int32_t dtype, const std::int64_t* sizes,
                      std::uint32_t dim, kith_tensor* out) {
  return serve("from_data", [&] {
    auto t = at::zeros(at::IntArrayRef(sizes, dim), at::TensorOptions(to_scalar_type(dtype)));
    if (data != nullptr) std::memcpy(t.data_ptr(), data, t.nbytes());
    *out = wrap(std::move(t));
  });
}

kith_status grad(kith_tensor tensor, kith_tensor* out) {
  return serve("grad", [&] {
    *out = wrap(unwrap(tensor).defined() ? unwrap(tensor).grad() : at::Tensor());
  });
}

std::int32_t set_grad_mode(std::int32_t enabled) {
  const bool before = at::GradMode::is_enabled();
  at::GradMode::set_enabled(enabled != 0);
  if (before != (enabled != 0)) forget_casts();
  return before ? 1 : 0;
}

}  // namespace

const kith_tensor_api* tensor_service() {
  static const kith_tensor_api table{
      sizeof(kith_tensor_api),
      1,
      resolve_operator,
      call_operator,
      take_results,
      retain,
      release,
      info,
      from_data,
      frequent_binary,
      frequent_binary_scalar,
      frequent_unary,
      set_grad_mode,
      custom_gradient,
      checkpoint_segment,
      grad,
  };
  return &table;
}

std::string libtorch_version() { return KITH_LIBTORCH_VERSION; }

std::span<const Service> services() {
  static const Service all[] = {
      {KITH_TENSOR_SERVICE, sizeof(kith_tensor_api), tensor_service()},
      {KITH_MODULE_SERVICE, sizeof(kith_module_api), module_service()},
      {KITH_TRAINING_SERVICE, sizeof(kith_training_api), training_service()},
  };
  return all;
}

}  // namespace kith::host
