// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "eval/evaluator.h"
#include "model/plugin_shelf.h"
#include "store/json_log.h"
#include "store/run_file.h"
#include "train/assembly.h"
#include "train/extension.h"
#include "train/threads.h"
#include "train/trainer.h"

namespace kith::host {

/// What a run that goes on is held against.
struct RunBeginning {
  std::string resolved_toml;
  std::vector<std::string> plugins;  ///< plugin_lines
  std::string data_identity;         ///< Assembly::data_identity
  std::string device;                ///< "cpu", "cuda:0"; of its last process
};

/// How a run went so far: its speed and its memory, of this process; rows filled, of all.
struct Course {
  std::int64_t rows_filled = 0;
  double images_per_s = 0;  ///< 0: this process had no step left, and says nothing of speed
  double waiting_share = 0;
  std::int64_t peak_memory_bytes = 0;
  std::optional<std::int64_t> peak_device_memory_bytes;  ///< of a GPU
};

/// As of now. [train thread]
Course course_of(Job& job, const Trainer& trainer);

/// What a run leaves on disk besides checkpoints: log.jsonl and run.h5. [one thread at a time;
/// while a run trains, its storage thread]
class RunRecord {
 public:
  RunRecord(const std::filesystem::path& log, const std::filesystem::path& run_file);

  /// Where everything came from, as attributes of run.h5.
  /// @param data_identity  Assembly::data_identity, which takes a walk over all names.
  void write_provenance(const Assembly& assembly, const PluginShelf& shelf,
                        const std::string& data_identity, const std::string& device,
                        const Threads& threads);
  void step(const StepRecord& record);
  void course(const Course& course);
  void results(std::int64_t step, double epoch, const std::vector<Result>& results);
  /// That test is about to be read once more, which counts from here on, whatever becomes of the
  /// process; durable.
  void before_test(const Assembly& assembly);
  /// Samples, features, exported state and how the run went; then makes all of it durable.
  void finish(const Assembly& assembly, Job& job, const Evaluator& evaluator,
              const Trainer& trainer);
  /// That the run goes on to a later end, from this step: in the log and as an attribute.
  void extended(std::int64_t step, std::int64_t epochs_before, const Extension& extension);
  /// Makes log and run.h5 durable.
  void commit();

  /// Takes log and metrics back to a checkpoint: drops later steps, and what the log has behind its
  /// first `log_bytes` bytes.
  /// @returns how many of these bytes the log lacks: 0, unless something else wrote into it.
  std::uint64_t cut_after(std::int64_t step, std::uint64_t log_bytes);
  std::uint64_t log_bytes() const { return log_.size(); }
  /// What the run began with; nothing if it was killed before it could say so.
  std::optional<RunBeginning> beginning() const;
  /// The folder of the experiment's file; empty if the run had not begun.
  std::filesystem::path experiment_folder() const;
  bool finished() const;
  /// The evaluations whose rows that training does not change are in the metrics of val already.
  std::set<std::string> with_constant_rows() const;

 private:
  void write_samples(const Dataset& dataset);
  void write_left_out(const Dataset& dataset);
  void write_features(const Evaluator& evaluator);
  void write_state(Job& job);
  void write_tables(const Evaluator& evaluator);

  std::int64_t test_reads() const;

  JsonLog log_;
  RunFile file_;
  std::int64_t test_reads_before_;  ///< by earlier ends and processes of the run
};

/// Plugins with versions and digests, one a line: "org.kith.simclr 0.1.0 <sha256>".
std::vector<std::string> plugin_lines(const PluginShelf& shelf);

}  // namespace kith::host
