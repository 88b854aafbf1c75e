// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <kith/error.hpp>

#include "harness/held_constants.h"
#include "harness/plugin_access.h"
#include "harness/small_encoder.h"
#include "harness/state_values.h"
#include "harness/stub_encoder.h"
#include "harness/values.h"
#include "model/validate_method.h"
#include "store/checkpoint.h"
#include "train/training_state.h"
#include "train/training_step.h"

namespace kith::harness {
namespace {

/// A batch as a job takes it; its views are leaves, so that gradients arrive at them.
kith_step_s to_step(const Batch& batch, at::ScalarType real) {
  if (batch.views.empty() || batch.views[0].shape.empty())
    throw ShapeError("harness: a batch must have a view [N, ...]");
  kith_step_s step;
  for (const auto& view : batch.views)
    step.views.push_back(to_tensor(view, real).requires_grad_(true));
  step.indices = batch.indices.empty()
                     ? at::arange(batch.views[0].shape[0], at::device(device()).dtype(at::kLong))
                     : to_tensor(batch.indices);
  if (!batch.labels.empty()) step.labels = to_tensor(batch.labels);
  return step;
}

}  // namespace

struct MethodHarness::Parts {
  Parts(const std::string& table, const Settings& settings, const Encoders& encoders)
      : real(scalar_type(settings.compute)), job(make_job(settings)) {
    for (const auto& [role, encoder] : encoders)
      job->add_role(role, encoder.empty()            ? stub_encoder()
                          : encoder == kSmallEncoder ? small_encoder()
                                                     : load_plugin("encoder", encoder));
    const auto method = load_plugin("method", table);
    host::validate_method(*method, settings.batch_size, settings.train_images);
    job->make_method(method);
    host::require_whole_groups(*job, settings.batch_size);
    const auto steps = std::max<std::int64_t>(1, settings.train_images / settings.batch_size);
    training = std::make_unique<host::TrainingStep>(*job, training_tables(settings), steps);
  }

  kith_step_s begin_step(const Batch& batch) {
    auto given = to_step(batch, real);
    training->set_progress(step_number);
    training->seed(step_number);
    job->set_training(true);
    clear_gradients(job->state());
    return given;
  }

  /// @param around  runs the forward pass that it is given.
  StepResult step(const Batch& batch,
                  const std::function<void(const std::function<void()>&)>& around) {
    auto given = begin_step(batch);
    if (step_number % training->steps_per_epoch() == 0) job->method_begin_epoch();
    at::Tensor loss;
    around([&] { loss = job->method_step(given); });
    if (!loss.requires_grad())
      throw PluginError(job->method_plugin()->metadata.id + ": step: the loss has no gradient");
    loss.backward();
    job->method_after_backward(given);
    return result(given, loss);
  }

  StepResult result(const kith_step_s& batch, const at::Tensor& loss) {
    StepResult r;
    r.loss = to_values(loss);
    r.gradients = gradients_of(job->state());
    for (const auto& view : batch.views)
      r.view_gradients.push_back(
          to_values(view.grad().defined() ? view.grad() : at::zeros_like(view)));
    for (const auto& [name, value] : job->take_metrics()) r.metrics[name] = to_values(value);
    r.chance_value = job->method_chance_value();
    return r;
  }

  std::vector<std::string> parameters(bool copies) const {
    std::vector<std::string> names;
    for (const auto& p : job->state().parameters())
      if (p.is_copy == copies) names.push_back(p.name);
    return names;
  }

  at::ScalarType real;
  std::unique_ptr<host::Job> job;
  std::unique_ptr<host::TrainingStep> training;
  HeldConstants constants;
  std::int64_t step_number = 0;
};

MethodHarness::MethodHarness(const std::string& table, const Settings& settings,
                             const Encoders& encoders)
    : parts_(std::make_unique<Parts>(table, settings, encoders)) {}

MethodHarness::~MethodHarness() = default;

std::vector<std::string> MethodHarness::parameters() const { return parts_->parameters(false); }
std::vector<std::string> MethodHarness::copies() const { return parts_->parameters(true); }

std::vector<std::string> MethodHarness::buffers() const {
  std::vector<std::string> names;
  for (const auto& b : parts_->job->state().buffers()) names.push_back(b.name);
  return names;
}

std::vector<std::string> MethodHarness::optimised() const {
  std::vector<std::string> names;
  for (const auto& group : parts_->training->optimizer().groups())
    names.insert(names.end(), group.names.begin(), group.names.end());
  return names;
}

Values MethodHarness::get(const std::string& name) const {
  const std::string optimizer = "optimizer/";
  if (!name.starts_with(optimizer)) return to_values(find_tensor(parts_->job->state(), name));
  std::optional<Values> found;
  parts_->training->optimizer().for_each_state([&](const std::string& own, at::Tensor& tensor) {
    if (optimizer + own == name) found = to_values(tensor);
  });
  if (!found) throw ConfigError("harness: the optimiser has no state '" + name + "'");
  return *found;
}

void MethodHarness::set(const std::string& name, const Values& values) {
  fill(find_tensor(parts_->job->state(), name), values, name);
}

Named MethodHarness::state() const {
  Named state;
  for (const auto& [name, saved] :
       host::training_state(*parts_->job, parts_->training->optimizer()))
    state[name] = to_values(saved.cpu);
  return state;
}

void MethodHarness::replace_draw(const std::string& name, const Values& values) {
  parts_->job->draw_replacements()[name] = to_tensor(values, parts_->real);
}

void MethodHarness::set_step(std::int64_t step) { parts_->step_number = step; }

StepResult MethodHarness::step(const Batch& batch) {
  return parts_->step(batch, [](const auto& forward) { forward(); });
}

StepResult MethodHarness::step_with_constants(const Batch& batch) {
  return parts_->step(batch, [&](const auto& forward) { parts_->constants.record(forward); });
}

Values MethodHarness::loss_with_constants(const Batch& batch) {
  auto& p = *parts_;
  if (!p.constants.recorded())
    throw ConfigError("harness: loss_with_constants: wanted a step_with_constants before it");
  auto given = p.begin_step(batch);
  at::Tensor loss;
  p.constants.replay([&] { loss = p.job->method_step(given); });
  p.job->take_metrics();
  return to_values(loss);
}

StepResult MethodHarness::train(const Batch& batch) {
  auto& p = *parts_;
  auto given = to_step(batch, p.real);
  const auto loss = p.training->run(given, p.step_number++);
  return p.result(given, loss);
}

void MethodHarness::save(const std::filesystem::path& folder) const {
  const auto& p = *parts_;
  const auto state = host::training_state(*p.job, p.training->optimizer());
  host::ArrayViews views;
  for (const auto& [name, saved] : state) views.emplace(name, saved.view());
  host::CheckpointStore(folder, 1).save(p.step_number,
                                        p.step_number / p.training->steps_per_epoch(), views, {});
}

void MethodHarness::restore(const std::filesystem::path& folder) {
  auto& p = *parts_;
  const auto checkpoint = host::CheckpointStore(folder, 1).newest();
  if (!checkpoint) throw DataError("harness: no checkpoint in '" + folder.string() + "'");
  host::restore_training_state(*checkpoint, *p.job, p.training->optimizer());
  p.step_number = checkpoint->step;
}

}  // namespace kith::harness
