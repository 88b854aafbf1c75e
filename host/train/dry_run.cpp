// SPDX-License-Identifier: Apache-2.0
#include "train/dry_run.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>

#include "augment/bounds.h"
#include "eval/features.h"
#include "model/validate_method.h"
#include "train/online_probe.h"
#include "train/training_state.h"
#include "train/training_step.h"

namespace kith::host {
namespace {

kith_step_s zero_batch(const Assembly& a, std::int64_t n) {
  kith_step_s batch;
  for (const auto& view : a.views) {
    const auto& s = view->spec();
    batch.views.push_back(at::zeros({n, s.channels, s.height, s.width}));
  }
  batch.indices = at::arange(n, at::kLong);
  if (a.dataset->has_labels()) batch.labels = at::zeros({n}, at::kLong);
  return batch;
}

void require_within_bounds(const Assembly& a) {
  std::vector<const ViewPipeline*> pipelines;
  const auto add = [&](const std::shared_ptr<const ViewPipeline>& pipeline) {
    if (pipeline != nullptr &&
        std::find(pipelines.begin(), pipelines.end(), pipeline.get()) == pipelines.end())
      pipelines.push_back(pipeline.get());
  };
  for (const auto& view : a.views) add(view);
  add(a.eval_view);
  for (const auto& evaluation : a.evaluations) {
    add(evaluation.view);
    add(evaluation.pixel_view);
  }
  for (const auto* pipeline : pipelines) require_within_bounds(*pipeline);
}

/// Images of the step: the fewest that the method takes, at least two where the experiment has
/// them, since batch norm after pooling needs two; with groups, two in each.
///
/// With accumulation two chunks that are as the run's in what can make them fail: no more rows than
/// those, and the same remainder by groups; the last with one image where that of the run has one.
/// @throws ConfigError if the experiment's batch does not divide into the groups.
std::int64_t dry_batch(const Assembly& a, const Job& job) {
  const auto batch = a.experiment().train.batch_size;
  const auto smallest = std::max<std::int64_t>(
      std::min<std::int64_t>(2, batch), std::stoll(a.method->fact("needs", "min_batch", "1")));
  const auto groups = job.most_batch_norm_groups();
  if (groups > 1) require_whole_groups(job, batch);
  const auto one_call = std::min(batch, smallest * groups);
  const auto accumulation = a.experiment().train.accumulation;
  if (accumulation == 1) return one_call;
  const auto chunk = (batch + accumulation - 1) / accumulation;  // images in a chunk of the run
  const auto as_chunk = chunk <= one_call ? chunk : one_call + (chunk - one_call) % groups;
  const bool one_is_left = as_chunk == 2 && batch % chunk == 1;
  return std::clamp(2 * as_chunk - (one_is_left ? 1 : 0), smallest, batch);
}

/// A queue of the keys of the last steps that reaches back into an epoch that is over has keys of
/// the very images that it stands against.
std::vector<std::string> long_queues(const Assembly& a, const Job& job) {
  std::vector<std::string> warnings;
  const auto images = a.train_images();
  for (const auto& buffer : job.state().buffers()) {
    if (buffer.export_kind != "queue" || buffer.sizes.empty() || buffer.sizes[0] <= images)
      continue;
    warnings.push_back(buffer.name + ": the queue has " + std::to_string(buffer.sizes[0]) +
                       " rows, and " + std::to_string(images) +
                       " images are trained on: an image's own keys of the epoch before are then "
                       "among its negatives; wanted at most " +
                       std::to_string(images) + " rows");
  }
  return warnings;
}

/// What each evaluation looks at is there, and where it searches a bank, that has rows as wide.
/// @returns  the width of what the experiment evaluates.
std::int64_t require_features(const Assembly& a, Job& job) {
  const auto& spec = a.eval_view->spec();
  const auto view = at::zeros({1, spec.channels, spec.height, spec.width});
  std::map<std::string, std::int64_t> widths;  // a forward pass each
  const auto width_of = [&](const FeatureChoice& choice) {
    auto& width = widths[choice.text()];
    if (width == 0) width = FeatureReader(job, choice).read(view).size(1);
    return width;
  };
  for (const auto& part : a.evaluations) {
    const auto width = width_of(choice_of(part.config));
    if (part.config.bank.empty()) continue;
    const auto rows = bank_rows(job, a, part.config.bank);
    if (rows.size(1) != width)
      throw ConfigError(part.plugin->metadata.id + ": the rows of bank '" + part.config.bank +
                        "' have " + std::to_string(rows.size(1)) + " numbers and " +
                        choice_of(part.config).text() + " has " + std::to_string(width) +
                        "; name the head that fills the bank");
  }
  return width_of(evaluated_features(a));
}

}  // namespace

DryRunReport dry_run(const Assembly& a) {
  DryRunReport report;
  require_within_bounds(a);
  const auto job = make_job(a, at::kCPU, true);
  TrainingStep step(*job, a.experiment(), std::max<std::int64_t>(1, a.steps_per_epoch()));
  const auto smallest = dry_batch(a, *job);
  auto batch = zero_batch(a, smallest);
  const auto probe = make_online_probe(a, *job);
  if (probe) probe->begin_step();
  step.run(batch, 0);
  if (probe) probe->learn(batch);

  for (const auto& [role, encoder] : a.roles)
    report.networks.push_back({role, job->state().count(role + ".")});
  report.networks.push_back({"method", job->state().count(std::string(kOfMethod))});
  if (probe) report.networks.push_back({"online_probe", probe->parameters()});
  const auto size = a.experiment().train.batch_size;
  for (const auto& view : batch.views) {
    auto sizes = view.sizes().vec();
    sizes[0] = size;
    report.views.push_back(c10::str(at::IntArrayRef(sizes)));
  }
  report.warnings = long_queues(a, *job);
  const auto width = require_features(a, *job);
  report.features = c10::str(at::IntArrayRef({size, width}));
  report.groups = step.optimizer().groups();
  for_each_training_state(*job, step.optimizer(), probe.get(),
                          [&](const std::string&, at::Tensor& t) {
                            report.checkpoint_bytes += static_cast<std::int64_t>(t.nbytes());
                          });
  for (const auto split : {Split::kTrain, Split::kVal, Split::kTest})
    if (a.reads(split)) report.feature_bytes += a.dataset->size(split) * width * 4;
  return report;
}

}  // namespace kith::host
