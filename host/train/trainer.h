// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "data/loader.h"
#include "guards/guards.h"
#include "train/assembly.h"
#include "train/online_probe.h"
#include "train/stop_signal.h"
#include "train/threads.h"
#include "train/training_step.h"

namespace kith::host {

/// What is known about a step when it is logged.
struct StepRecord {
  std::int64_t step = 0;  ///< steps done, from 1
  std::int64_t steps = 0;
  double epoch = 0;  ///< epochs done, a fraction within an epoch
  double loss = 0;
  double learning_rate = 0;
  double images_per_s = 0;   ///< since training began here, without evaluations between epochs
  double waiting_share = 0;  ///< of that time, spent waiting for data
  std::map<std::string, double>
      metrics;  ///< what the method recorded; grad_norm with clipping; the online probe's
};

/// What the trainer tells while it runs. [train thread]
struct TrainerEvents {
  std::function<void(const StepRecord&)>
      on_log;  ///< every log_every steps and at the end of an epoch
  std::function<void(std::int64_t epochs_done)> on_epoch;
  std::function<void(std::int64_t step)> on_stop;      ///< a signal came; `step` steps are done
  std::function<void(const std::string&)> on_warning;  ///< what guards find and the like
};

/// The loop over epochs and steps. [train thread]
class Trainer {
 public:
  Trainer(const Assembly& assembly, Job& job, const Threads& threads);

  /// Trains from `first_step` to the end. Returns false if a signal stopped it.
  /// @throws kith::Error with the step if loss or gradient is not finite, or a guard finds
  /// something and guards.fatal is set; and what plugins and data throw. No event is told of a step
  /// after one that was not finite.
  bool run(std::int64_t first_step, const StopSignal& stop, const TrainerEvents& events);

  TrainingStep& step() { return step_; }
  /// What they know of the first step goes into checkpoints.
  Guards& guards() { return guards_; }
  /// Null where the experiment asks for none.
  OnlineProbe* probe() { return probe_.get(); }
  /// In steps, evaluations and checkpoints between epochs left out.
  double training_s() const { return training_s_; }
  double images_per_s() const { return images_per_s_; }
  double waiting_share() const { return waiting_share_; }
  /// Rows of batches whose image did not decode and that held another one: on all ranks, as of the
  /// last end of an epoch or stop, with those of earlier processes of the run.
  std::int64_t filled() const { return filled_before_ + filled_everywhere_; }
  /// What earlier processes of the run counted.
  void filled_before(std::int64_t rows) { filled_before_ = rows; }

 private:
  void put_on_device(Batch& batch, kith_step_s& given) const;
  StepRecord record(std::int64_t done, double loss);
  void watch_chunks(const TrainerEvents& events);
  void measure(const LoaderStats& stats, const TrainerEvents& events);
  void count_filled(const Loader& loader);

  const Assembly& assembly_;
  Job& job_;
  TrainingStep step_;
  std::unique_ptr<OnlineProbe> probe_;
  AssemblyViews views_;
  Threads threads_;
  double training_s_ = 0, images_per_s_ = 0, waiting_share_ = 0;
  double between_epochs_s_ = 0;  // evaluations and checkpoints
  std::int64_t filled_ = 0;      // of this rank
  std::int64_t filled_everywhere_ = 0, filled_before_ = 0;
  bool told_chunks_ = false;
  Guards guards_;
};

}  // namespace kith::host
