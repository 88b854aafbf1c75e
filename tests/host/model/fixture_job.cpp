// SPDX-License-Identifier: Apache-2.0
#include "host/model/fixture_job.h"

#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace kith::host::test {
namespace {

PluginUse use_of(const std::string& kind, const std::string& name, const Changes& changes) {
  const auto& metadata = fixture_shelf().registry().find(kind, name).metadata;
  PluginUse use;
  use.kind = kind;
  use.reference = use.id = metadata.id;
  for (const auto& spec : metadata.options) {
    OptionValue value;
    value.name = spec.name;
    value.type = spec.type;
    value.is_list = spec.is_list;
    const auto change = changes.find(spec.name);
    const auto& values = change == changes.end() ? spec.defaults : change->second;
    if (spec.type == OptionType::kPlugin)
      value.plugin = std::make_shared<PluginUse>(
          use_of(spec.plugin_kind, std::get<std::string>(values.at(0)), {}));
    else
      value.values = values;
    use.options.push_back(std::move(value));
  }
  for (const auto& [option, value] : changes)
    if (find_option(use, option) == nullptr)
      throw std::invalid_argument(name + " has no option " + option);
  return use;
}

}  // namespace

PluginShelf& fixture_shelf() {
  static auto* const shelf = [] {
    setenv("KITH_PLUGIN_PATH", KITH_BUILD_DIR "/tests/fixtures/methods", 1);
    auto* made = new PluginShelf("");
    unsetenv("KITH_PLUGIN_PATH");
    std::vector<const PluginRecord*> all;
    for (const auto* record : made->registry().records())
      if (record->metadata.id.starts_with("org.test.")) all.push_back(record);
    made->registry().check(all);  // one trial for all
    return made;
  }();
  return *shelf;
}

PluginObjectPtr fixture(const std::string& kind, const std::string& name, const Changes& changes) {
  static std::mutex mutex;  // ranks are threads
  const std::lock_guard lock(mutex);
  return fixture_shelf().make(use_of(kind, name, changes));
}

FixtureJob::FixtureJob(const Plan& plan, std::unique_ptr<Communicator> ranks) : plan_(plan) {
  JobSettings settings;
  settings.seed = plan.seed;
  settings.device = plan.device;
  settings.dtype = plan.dtype;
  settings.train_images = plan.batch_size * plan.steps_per_epoch;
  settings.batch_size = plan.batch_size;
  settings.classes = 3;
  settings.accumulation = plan.accumulation;
  settings.channels = 1;
  settings.height = 2;
  settings.width = 3;
  job = std::make_unique<Job>(settings, std::move(ranks));
  job->add_role("encoder", fixture("encoder", plan.encoder, plan.encoder_options));
  job->make_method(fixture("method", plan.method, plan.method_options));
  Experiment experiment;
  experiment.train.epochs = plan.epochs;
  experiment.train.batch_size = plan.batch_size;
  experiment.train.precision = plan.precision;
  experiment.train.channels_last = plan.channels_last;
  experiment.train.clip_grad_norm = plan.clip_grad_norm;
  experiment.optimizer.kind = OptimizerKind::kSgd;
  experiment.optimizer.sgd_momentum = 0;
  experiment.optimizer.base_lr = plan.base_lr;
  experiment.schedule.kind = plan.schedule;
  training = std::make_unique<TrainingStep>(*job, experiment, plan.steps_per_epoch);
}

kith_step_s FixtureJob::batch(std::int64_t number, std::int64_t first, std::int64_t rows) const {
  const auto n = plan_.batch_size;
  if (rows < 0) rows = n;
  kith_step_s step;
  for (std::int64_t view = 0; view < 2; ++view) {
    // Sums of sines: no generator is touched.
    const auto pixels =
        at::arange(n * 6, at::kDouble) + static_cast<double>(number * 100 + view * 7);
    step.views.push_back(((pixels * 1.7).sin() + (pixels * 0.3).cos())
                             .view({n, 1, 2, 3})
                             .to(job->options())
                             .narrow(0, first, rows));
  }
  step.indices = at::arange(first, first + rows, at::device(plan_.device).dtype(at::kLong));
  step.labels = step.indices.remainder(3);
  return step;
}

at::Tensor FixtureJob::run(std::int64_t step) {
  auto given = batch(step);
  return training->run(given, step);
}

at::Tensor FixtureJob::backward(kith_step_s& step) {
  const auto loss = job->method_step(step);
  loss.backward();
  return loss.detach();
}

at::Tensor FixtureJob::parameter(const std::string& name) {
  auto* found = job->state().find_parameter(name);
  if (found == nullptr) throw std::invalid_argument("no parameter " + name);
  return found->value;
}

at::Tensor FixtureJob::buffer(const std::string& name) {
  auto* found = job->state().find_buffer(name);
  if (found == nullptr) throw std::invalid_argument("no buffer " + name);
  return found->value;
}

std::vector<std::string> FixtureJob::parameter_names() {
  std::vector<std::string> names;
  for (const auto& p : job->state().parameters()) names.push_back(p.name);
  return names;
}

void on_ranks(int ranks, const std::function<void(int rank, std::unique_ptr<Communicator>)>& work) {
  ThreadRanks team(ranks);
  std::mutex mutex;
  std::exception_ptr first_error;
  std::vector<std::thread> threads;
  for (int rank = 0; rank < ranks; ++rank)
    threads.emplace_back([&, rank] {
      try {
        work(rank, team.communicator(rank));
      } catch (...) {
        {
          const std::lock_guard lock(mutex);
          if (!first_error) first_error = std::current_exception();
        }
        team.abort();
      }
    });
  for (auto& thread : threads) thread.join();
  if (first_error) std::rethrow_exception(first_error);
}

}  // namespace kith::host::test
