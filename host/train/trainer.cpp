// SPDX-License-Identifier: Apache-2.0
#include "train/trainer.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <chrono>

namespace kith::host {

Trainer::Trainer(const Assembly& assembly, Job& job, const Threads& threads)
    : assembly_(assembly),
      job_(job),
      step_(job, assembly.experiment(), assembly.steps_per_epoch()),
      probe_(make_online_probe(assembly, job)),
      views_(assembly, assembly.experiment().seed),
      threads_(threads),
      guards_(assembly.experiment().guards, step_.steps(), evaluated_features(assembly)) {
  step_.finite_only();
}

void Trainer::put_on_device(Batch& batch, kith_step_s& given) const {
  const auto& settings = job_.settings();
  given.views.clear();
  for (std::size_t v = 0; v < batch.views.size(); ++v)
    given.views.push_back(as_views(batch.views[v].data(), batch.size(), assembly_.views[v]->spec())
                              .to(settings.device, settings.dtype));
  given.indices = at::tensor(assembly_.positions(batch.indices), at::kLong).to(settings.device);
  given.labels = assembly_.dataset->has_labels()
                     ? at::tensor(batch.labels, at::kLong).to(settings.device)
                     : at::Tensor();
}

StepRecord Trainer::record(std::int64_t done, double loss) {
  StepRecord r;
  r.step = done;
  r.steps = step_.steps();
  r.epoch = static_cast<double>(done) / static_cast<double>(step_.steps_per_epoch());
  r.loss = loss;
  r.learning_rate = step_.learning_rate_at(done - 1);
  r.images_per_s = images_per_s_;
  r.waiting_share = waiting_share_;
  for (const auto& [name, value] : job_.take_metrics()) r.metrics[name] = value.item<double>();
  if (step_.gradient_norm().defined())
    r.metrics["grad_norm"] = step_.gradient_norm().item<double>();
  if (probe_) r.metrics.merge(probe_->take_metrics());
  return r;
}

void Trainer::measure(const LoaderStats& stats, const TrainerEvents& events) {
  if (filled_ == 0 && stats.filled > 0 && events.on_warning)
    events.on_warning(
        "data: an image that decoded when the data set was opened does not any more; others are "
        "taken in the place of such images, and counted: " +
        stats.first_failure);
  filled_ = stats.filled;
  training_s_ = stats.elapsed_s - between_epochs_s_;
  images_per_s_ = training_s_ > 0 ? static_cast<double>(stats.images) / training_s_ : 0;
  waiting_share_ = training_s_ > 0 ? stats.waited_s / training_s_ : 0;
}

/// Every rank comes here after the same step.
void Trainer::count_filled(const Loader& loader) {
  const auto own = at::scalar_tensor(loader.stats().filled, at::kLong);
  filled_everywhere_ = all_reduce_sum(job_.ranks(), own).item<std::int64_t>();
}

void Trainer::watch_chunks(const TrainerEvents& events) {
  if (told_chunks_ || !job_.norm_saw_chunks()) return;
  told_chunks_ = true;
  const auto& train = assembly_.experiment().train;
  if (events.on_warning)
    events.on_warning(
        fmt::format("train.accumulation = {}: batch norm in an encoder takes its statistics from "
                    "chunks of a {}th of the rows, and moves its averages once a chunk; for the "
                    "numbers of the whole batch use an encoder without batch norm",
                    train.accumulation, train.accumulation));
}

bool Trainer::run(std::int64_t first_step, const StopSignal& stop, const TrainerEvents& events) {
  const auto& train = assembly_.experiment().train;
  const auto per_epoch = step_.steps_per_epoch();
  LoaderSettings settings;
  settings.batch_size = train.batch_size;
  settings.chosen = assembly_.trained;
  settings.view_floats = views_.view_floats();
  settings.seed = assembly_.experiment().seed;
  settings.ahead = threads_.loader > 0;
  settings.threads = static_cast<int>(settings.ahead ? threads_.loader : threads_.tensor);
  settings.epoch = first_step / per_epoch;
  settings.step = first_step % per_epoch;
  settings.end_epoch = train.epochs;
  Loader loader(*assembly_.dataset, views_, settings);

  Batch batch;
  kith_step_s given;
  const bool read_each_step =
      job_.settings().device.is_cpu();  // on a GPU a read-back would wait for the device
  for (std::int64_t step = first_step; loader.next(batch); ++step) {
    put_on_device(batch, given);
    const auto done = step + 1;
    const bool epoch_ends = done % per_epoch == 0;
    const bool log_now = done % train.log_every == 0 || epoch_ends;
    const bool look_now = guards_.due(done);
    job_.watch(look_now);
    if (probe_) probe_->begin_step();
    const auto loss = step_.run(given, step);
    if (probe_) probe_->learn(given);
    watch_chunks(events);
    if (log_now || look_now) step_.require_finite();
    if (read_each_step || log_now) measure(loader.stats(), events);
    if (log_now && events.on_log) events.on_log(record(done, loss.item<double>()));
    if (look_now)
      guards_.look({job_, given, done, step_.learning_rate_at(step), loss}, events.on_warning);
    if (epoch_ends) count_filled(loader);
    if (epoch_ends && events.on_epoch) {
      const auto begin = std::chrono::steady_clock::now();
      events.on_epoch(done / per_epoch);
      between_epochs_s_ +=
          std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
    if (stop.received() != 0 && done < step_.steps()) {
      step_.require_finite();
      count_filled(loader);
      if (events.on_stop) events.on_stop(done);
      return false;
    }
  }
  return true;
}

}  // namespace kith::host
