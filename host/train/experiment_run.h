// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "eval/evaluator.h"
#include "train/assembly.h"
#include "train/extension.h"
#include "train/trainer.h"

namespace kith::host {

/// What `kith run` was asked to do.
struct RunRequest {
  std::filesystem::path experiment;    ///< the file; unused with `resume`
  std::vector<std::string> overrides;  ///< --set key=value
  std::string device = "auto";
  std::optional<std::filesystem::path> folder;  ///< where the run goes; none: runs/<name>-<id>
  std::optional<std::filesystem::path> resume;  ///< a run's folder
  std::optional<Extension> extension;           ///< with `resume`: a later end
  /// Where plugins are looked for first; none: the experiment's folder.
  std::optional<std::filesystem::path> plugin_folder;
};

struct RunOutcome {
  std::filesystem::path folder;
  std::vector<Result> results;         ///< of the evaluation at the end
  bool finished = false;               ///< false: a signal stopped it, and a checkpoint was written
  bool was_finished = false;           ///< there was nothing left to do
  double training_s = 0;               ///< of this process, without evaluations between epochs
  double images_per_s = 0;             ///< in that time
  double waiting_share = 0;            ///< of that time, spent waiting for data
  std::int64_t peak_memory_bytes = 0;  ///< of this process
  std::int64_t peak_device_memory_bytes = 0;  ///< of a GPU's; 0 on a CPU
  std::int64_t left_out = 0;                  ///< images of all splits that do not decode
  std::int64_t filled = 0;  ///< rows of batches whose image did not decode, in the whole run
};

/// What a run tells while it goes on. All may be empty. [train thread]
struct RunEvents {
  std::function<void(const Assembly&, const std::filesystem::path& folder,
                     const std::string& device, std::int64_t first_step)>
      on_start;
  std::function<void(const StepRecord&)> on_step;
  std::function<void(std::int64_t epochs_done, const std::vector<Result>&)> on_evaluation;
  std::function<void(const std::string&)> on_note;
  std::function<void(const std::string&)> on_warning;
};

/// Runs an experiment from its file, or goes on with a run, to the end.
/// @throws kith::Error  what is wrong with experiment, plugins, data, device or disk; nothing of
/// the run is lost.
RunOutcome run_experiment(const RunRequest& request, const RunEvents& events);

}  // namespace kith::host
