// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <kith/error.hpp>

#include "harness/plugin_access.h"
#include "harness/state_values.h"
#include "harness/values.h"
#include "store/safetensors.h"
#include "tensor/dtype.h"
#include "tensor/recompute.h"
#include "train/training_state.h"

namespace kith::harness {
namespace {

const std::string kRole = "encoder";
const std::string kPrefix = kRole + ".";

}  // namespace

struct EncoderHarness::Parts {
  at::ScalarType real;
  std::unique_ptr<host::Job> job;
  kith_callable encoder = nullptr;

  std::vector<at::Tensor> forward(const at::Tensor& images, Mode mode) {
    job->set_training(mode == Mode::kTraining);
    const host::ForwardStateGuard state({});
    const auto all = (std::uint64_t{1} << encoder->outputs.size()) - 1;
    return job->call(encoder, images, all);
  }
};

EncoderHarness::EncoderHarness(const std::string& table, const Settings& settings)
    : parts_(new Parts{scalar_type(settings.compute), make_job(settings), nullptr}) {
  parts_->job->add_role(kRole, load_plugin("encoder", table));
  parts_->encoder = parts_->job->find_role(kRole);
}

EncoderHarness::~EncoderHarness() = default;

std::vector<std::string> EncoderHarness::outputs() const { return parts_->encoder->outputs; }

std::vector<std::string> EncoderHarness::parameters() const {
  std::vector<std::string> names;
  for (const auto& p : parts_->job->state().parameters())
    names.push_back(p.name.substr(kPrefix.size()));
  return names;
}

std::vector<std::string> EncoderHarness::buffers() const {
  std::vector<std::string> names;
  for (const auto& b : parts_->job->state().buffers())
    names.push_back(b.name.substr(kPrefix.size()));
  return names;
}

Values EncoderHarness::get(const std::string& name) const {
  return to_values(find_tensor(parts_->job->state(), kPrefix + name));
}

void EncoderHarness::set(const std::string& name, const Values& values) {
  fill(find_tensor(parts_->job->state(), kPrefix + name), values, name);
}

Named EncoderHarness::run(const Values& images, Mode mode) {
  const at::NoGradGuard no_grad;
  const auto results = parts_->forward(to_tensor(images, parts_->real), mode);
  Named named;
  for (std::size_t i = 0; i < results.size(); ++i)
    named[parts_->encoder->outputs[i]] = to_values(results[i]);
  return named;
}

Named EncoderHarness::gradients(const Values& images, const Named& weights) {
  auto& p = *parts_;
  clear_gradients(p.job->state());
  const auto input = to_tensor(images, p.real).requires_grad_(true);
  const auto results = p.forward(input, Mode::kTraining);
  at::Tensor loss = at::zeros({}, at::device(device()).dtype(p.real));
  for (const auto& [name, values] : weights) {
    const auto& output = results[p.job->output_index(p.encoder, name)];
    if (output.sizes() != at::IntArrayRef(values.shape))
      throw ShapeError("harness: weights of the output '" + name + "' must be " +
                       c10::str(output.sizes()) + ", got " +
                       c10::str(at::IntArrayRef(values.shape)));
    loss = loss + (output * to_tensor(values, p.real)).sum();
  }
  loss.backward();
  auto gradients = gradients_of(p.job->state(), kPrefix);
  if (input.grad().defined()) gradients["images"] = to_values(input.grad());
  return gradients;
}

void EncoderHarness::save(const std::filesystem::path& file) const {
  std::vector<host::TensorSnapshot> kept;
  host::ArrayViews views;
  const auto add = [&](const std::string& name, const at::Tensor& tensor) {
    kept.push_back(host::snapshot(tensor));
    views.emplace(name, kept.back().view());
  };
  for (const auto& p : parts_->job->state().parameters()) add(p.name, p.value);
  for (const auto& b : parts_->job->state().buffers()) add(b.name, b.value);
  host::write_safetensors(file, views, {});
}

void EncoderHarness::load(const std::filesystem::path& file) {
  const at::NoGradGuard no_grad;
  const auto content = host::read_safetensors(file);
  for (const auto& [name, array] : content.arrays) {
    auto& tensor = find_tensor(parts_->job->state(), name);
    const auto type = host::to_scalar_type(static_cast<std::int64_t>(array.dtype));
    if (tensor.sizes() != at::IntArrayRef(array.shape))
      throw DataError("harness: '" + name + "' must be " + c10::str(tensor.sizes()) + ", '" +
                      file.string() + "' has " + host::shape_text(array.shape));
    tensor.copy_(at::from_blob(const_cast<std::byte*>(array.bytes.data()), array.shape, type));
  }
}

}  // namespace kith::harness
