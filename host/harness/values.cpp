// SPDX-License-Identifier: Apache-2.0
#include "harness/values.h"

#include <ATen/ATen.h>

#include <kith/error.hpp>

#include "harness/plugin_access.h"
#include "harness/team.h"
#include "train/device.h"

namespace kith::harness {

double Values::number() const {
  if (numbers.size() != 1)
    throw ShapeError("harness: wanted one number, got " + std::to_string(numbers.size()));
  return numbers[0];
}

at::Device device() {
  if (is_rank_thread()) return at::kCPU;
  static const auto device = host::open_device(host::device_word("cpu"));
  return device;
}

at::ScalarType scalar_type(Compute compute) {
  return compute == Compute::kFloat64 ? at::kDouble : at::kFloat;
}

at::Tensor to_tensor(const Values& values, at::ScalarType real, at::Device place) {
  std::int64_t count = 1;
  for (const auto size : values.shape) count *= size;
  if (count != static_cast<std::int64_t>(values.numbers.size()))
    throw ShapeError("harness: a tensor of the shape " + c10::str(at::IntArrayRef(values.shape)) +
                     " has " + std::to_string(count) + " numbers, got " +
                     std::to_string(values.numbers.size()));
  auto* numbers = const_cast<double*>(values.numbers.data());  // only read
  const auto type = values.kind == Number::kWhole   ? at::kLong
                    : values.kind == Number::kTruth ? at::kBool
                                                    : real;
  return at::from_blob(numbers, values.shape, at::kDouble)
      .to(place, type, /*non_blocking=*/false, /*copy=*/true);
}

at::Tensor to_tensor(const std::vector<std::int64_t>& numbers, at::Device place) {
  return at::tensor(at::IntArrayRef(numbers), at::kLong).to(place);
}

Values to_values(const at::Tensor& tensor) {
  Values values;
  if (!tensor.defined()) return values;
  values.shape = tensor.sizes().vec();
  if (tensor.scalar_type() == at::kBool)
    values.kind = Number::kTruth;
  else if (!tensor.is_floating_point())
    values.kind = Number::kWhole;
  const auto plain = tensor.detach().cpu().to(at::kDouble).contiguous();
  values.numbers.assign(plain.const_data_ptr<double>(),
                        plain.const_data_ptr<double>() + plain.numel());
  return values;
}

std::unique_ptr<host::Job> make_job(const Settings& settings) {
  host::JobSettings job;
  job.seed = settings.seed;
  job.device = device();
  job.dtype = scalar_type(settings.compute);
  job.train_images = settings.train_images;
  job.batch_size = settings.batch_size;
  job.classes = settings.classes;
  job.channels = settings.channels;
  job.height = settings.height;
  job.width = settings.width;
  job.accumulation = training_tables(settings).train.accumulation;
  job.most_state_bytes = settings.most_state_mib << 20;
  return std::make_unique<host::Job>(job, communicator_of(settings.rank));
}

}  // namespace kith::harness
