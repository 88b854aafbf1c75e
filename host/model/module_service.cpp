// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <kith/random.hpp>

#include "model/batch_norm.h"
#include "model/job.h"
#include "tensor/border.h"
#include "tensor/dtype.h"
#include "tensor/handle.h"
#include "tensor/random_tensor.h"
#include "tensor/recompute.h"
#include "tensor/services.h"

namespace kith::host {
namespace {

/// Sizes that no tensor can have.
void require_sizes(const std::string& name, at::IntArrayRef sizes) {
  constexpr double kMostNumbers = 9e18 / 8;  // their bytes fit into 63 bits
  double numbers = 1;
  for (const auto size : sizes) {
    if (size < 0) numbers = -1;
    if (numbers >= 0) numbers *= static_cast<double>(size);
  }
  if (numbers < 0 || numbers > kMostNumbers)
    throw ShapeError("'" + name + "' is declared with a shape that no tensor can have, " +
                     c10::str(sizes));
}

at::Tensor begin_tensor(kith_instance instance, const std::string& name, const kith_init& init,
                        at::IntArrayRef sizes, at::TensorOptions options) {
  const auto& settings = instance->job->settings();
  require_sizes(name, sizes);
  instance->job->reserve_state(name, sizes, options.dtype().itemsize());
  if (settings.shapes_only)
    return at::full(sizes, init.kind == KITH_INIT_CONSTANT ? init.a : 0.01, options);
  DrawKey key;
  key.seed = settings.seed;
  key.purpose = DrawPurpose::kInitialisation;
  return initial_tensor(init, Draw(key, name), sizes, options);
}

std::string full_name(kith_instance instance, kith_text name) {
  return instance->prefix + "." + to_string(name);
}

kith_status parameter(kith_instance instance, kith_text name, const std::int64_t* sizes,
                      std::uint32_t dim, const kith_init* init, std::uint32_t kind,
                      kith_text export_kind, kith_tensor* out) {
  return serve("parameter", [&] {
    Parameter p;
    p.name = full_name(instance, name);
    p.export_kind = to_string(export_kind);
    p.kind = static_cast<ParameterKind>(kind);
    parameter_kind_name(p.kind);  // throws on an unknown one
    p.value = begin_tensor(instance, p.name, *init, at::IntArrayRef(sizes, dim),
                           instance->job->options());
    p.value.requires_grad_(true);
    *out = wrap(instance->job->state().add_parameter(std::move(p)).value);
  });
}

kith_status buffer(kith_instance instance, kith_text name, const std::int64_t* sizes,
                   std::uint32_t dim, std::int32_t dtype, const kith_init* init,
                   kith_text export_kind, kith_tensor* out) {
  return serve("buffer", [&] {
    Buffer b;
    b.name = full_name(instance, name);
    b.export_kind = to_string(export_kind);
    auto options = instance->job->options();
    if (dtype >= 0) options = options.dtype(to_scalar_type(dtype));
    b.value = begin_tensor(instance, b.name, *init, at::IntArrayRef(sizes, dim), options);
    *out = wrap(instance->job->state().add_buffer(std::move(b)).value);
  });
}

kith_status batch_norm_entry(kith_instance instance, kith_tensor input, kith_tensor weight,
                             kith_tensor bias, kith_tensor running_mean, kith_tensor running_var,
                             double momentum, double eps, kith_tensor* out) {
  return serve("batch_norm", [&] {
    BatchNormCall call;
    call.input = unwrap(input);
    call.weight = unwrap(weight);
    call.bias = unwrap(bias);
    call.running_mean = unwrap(running_mean);
    call.running_var = unwrap(running_var);
    call.momentum = momentum;
    call.eps = eps;
    call.training = instance->job->training();
    call.update = call.training && !forward_state().recomputing;
    if (call.training) instance->job->note_batch_norm();
    call.groups = instance->batch_norm_groups;
    // Groups are of the whole batch, so those of several ranks are one.
    if (instance->batch_norm_synchronised || instance->batch_norm_groups > 1)
      call.ranks = &instance->job->ranks();
    *out = wrap(batch_norm(call));
  });
}

kith_status dropout(kith_instance instance, kith_tensor input, double probability,
                    kith_tensor* out) {
  return serve("dropout", [&] {
    const auto& x = unwrap(input);
    auto* job = instance->job;
    if (!(probability >= 0 && probability <= 1))
      throw ShapeError("probability must be in [0, 1], got " + std::to_string(probability));
    if (!job->training() || probability == 0) {
      *out = wrap(x);
      return;
    }
    DrawKey key;
    key.seed = job->settings().seed;
    key.purpose = DrawPurpose::kStep;
    key.epoch = static_cast<std::uint32_t>(job->progress().epoch);
    key.step = static_cast<std::uint64_t>(job->progress().step);
    key.sample = static_cast<std::uint64_t>(forward_state().draws++);
    key.view = static_cast<std::uint32_t>(job->ranks().rank());
    const auto keep = random_mask(Draw(key, instance->prefix + "/dropout"), x.sizes(),
                                  1 - probability, x.device());
    const double scale = probability < 1 ? 1 / (1 - probability) : 0;
    *out = wrap(x * keep.to(x.scalar_type()) * scale);
  });
}

kith_status call(kith_callable callable, kith_tensor input, std::uint64_t want,
                 kith_tensor* outputs, std::uint32_t n_outputs) {
  return serve("", [&] {
    auto results = callable->job->call(callable, unwrap(input), want);
    for (std::uint32_t i = 0; i < n_outputs && i < results.size(); ++i)
      outputs[i] = wrap(std::move(results[i]));
  });
}

}  // namespace

const kith_module_api* module_service() {
  static const kith_module_api table{
      sizeof(kith_module_api),
      1,
      parameter,
      buffer,
      [](kith_instance instance) -> std::int32_t { return instance->job->training() ? 1 : 0; },
      batch_norm_entry,
      dropout,
      call,
  };
  return &table;
}

}  // namespace kith::host
