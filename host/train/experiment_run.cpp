// SPDX-License-Identifier: Apache-2.0
#include "train/experiment_run.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "build_facts.h"
#include "guards/finite_state.h"
#include "store/checkpoint.h"
#include "store/run_folder.h"
#include "store/storage_thread.h"
#include "tensor/warnings.h"
#include "train/data_settings.h"
#include "train/device.h"
#include "train/dry_run.h"
#include "train/peak_memory.h"
#include "train/resume_rules.h"
#include "train/run_record.h"
#include "train/training_state.h"

namespace kith::host {
namespace {

std::string file_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

template <class F, class... Args>
void tell(const F& event, const Args&... args) {
  if (event) event(args...);
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

/// A run that is under way: its parts and where they are written.
class ExperimentRun {
 public:
  ExperimentRun(const RunRequest& request, const RunEvents& events)
      : request_(request), events_(events) {}

  RunOutcome run() {
    const WarningsTold telling([&](const std::string& text) { tell(events_.on_warning, text); });
    open();
    if (record_->finished() && !request_.extension) {
      outcome_.finished = outcome_.was_finished = true;
      return outcome_;
    }
    prepare();
    train();
    return outcome_;
  }

 private:
  /// Finds experiment, plugins and data; makes or opens the run's folder.
  void open() {
    std::filesystem::path file = request_.experiment, folder = file.parent_path();
    if (request_.resume) {
      check_resume_overrides(request_.overrides);
      folder_.emplace(RunFolder::open(*request_.resume));
      file = folder_->resolved();
      record_.emplace(folder_->log(), folder_->run_file());
      outcome_.folder = folder_->path();
      if (record_->finished() && !request_.extension) return;
      checkpoint_ = CheckpointStore(folder_->checkpoints(), 1).newest();
      folder = record_->experiment_folder();
      if (folder.empty()) folder = folder_->path();
    }
    if (request_.plugin_folder) folder = *request_.plugin_folder;
    folder = std::filesystem::absolute(folder.empty() ? "." : folder);
    shelf_.emplace(folder);
    for (const auto& message : shelf_->registry().messages()) tell(events_.on_note, message);
    auto resolved = load_experiment(file, request_.overrides, *shelf_);
    if (request_.resume) resolved = with_end(std::move(resolved), file);
    for (const auto& warning : resolved.warnings) tell(events_.on_warning, warning);
    resolved.experiment.folder = folder;
    device_ = open_device(request_.device);
    threads_ = choose_threads(resolved.experiment.train);
    at::set_num_threads(static_cast<int>(threads_.tensor));
    assembly_.emplace(assemble(std::move(resolved), *shelf_));
    plugins_ = joined(plugin_lines(*shelf_));
    data_identity_ = assembly_->data_identity();
    if (request_.resume) check_record(file);
    if (!assembly_->measured.empty()) tell(events_.on_note, assembly_->measured);
    for (const auto& text : left_out(*assembly_)) tell(events_.on_warning, text);
    for (const auto& text : dry_run(*assembly_).warnings) tell(events_.on_warning, text);
    if (!folder_) make_folder(file);
  }

  /// The settings that a run goes on with: its own, with a later end if it is asked for.
  ResolvedExperiment with_end(ResolvedExperiment resolved, const std::filesystem::path& file) {
    settings_now_ = to_resolved_toml(resolved);
    const auto& extension = request_.extension;
    if (!extension) return resolved;
    const auto began = record_->beginning();
    if (!began)
      throw ConfigError(
          "resume: --extend: run.h5 does not say what the run began with: it was stopped before it "
          "began, or an older kith wrote it");
    epochs_before_ = check_extension(*extension, began->resolved_toml);
    check_extendable(*folder_, checkpoint_, record_->finished() ? epochs_before_ : 0);
    auto overrides = request_.overrides;
    overrides.push_back("train.epochs=" + std::to_string(extension->epochs));
    return load_experiment(file, overrides, *shelf_);
  }

  /// Holds what goes on against what run.h5 has of the run's beginning, with a checkpoint or not.
  void check_record(const std::filesystem::path& file) const {
    const auto began = record_->beginning();
    if (!began) return;
    check_resume_plugins(joined(began->plugins), plugins_);
    check_resume_settings(began->resolved_toml, settings_now_, file,
                          request_.extension.has_value());
    check_resume_data(began->data_identity, data_identity_, assembly_->dataset->path());
    if (began->device != device_.str())
      tell(events_.on_note,
           "resume: the run was on " + began->device + " and goes on on " + device_.str() +
               ": from here on its numbers are not to the bit those of a run on one of them");
  }

  Threads choose_threads(TrainConfig& train) const {
    if (!request_.resume) return resolve_threads(train, device_.is_cuda());
    std::string warning;
    const auto threads = resume_threads(train, request_.overrides, usable_cores(), warning);
    if (!warning.empty()) tell(events_.on_warning, warning);
    train.loader_threads = threads.loader;
    return threads;
  }

  void make_folder(const std::filesystem::path& file) {
    const auto text = file_text(file);
    folder_.emplace(
        request_.folder
            ? RunFolder::create_at(*request_.folder, text, assembly_->resolved_toml)
            : RunFolder::create(assembly_->experiment().name, text, assembly_->resolved_toml));
    record_.emplace(folder_->log(), folder_->run_file());
    outcome_.folder = folder_->path();
  }

  void prepare() {
    job_ = make_job(*assembly_, device_);
    trainer_ = std::make_unique<Trainer>(*assembly_, *job_, threads_);
    evaluator_ = std::make_unique<Evaluator>(*assembly_, device_,
                                             static_cast<int>(threads_.tensor + threads_.loader));
    evaluator_->add_probe(trainer_->probe());
    checkpoints_.emplace(folder_->checkpoints(), assembly_->experiment().train.keep_checkpoints);
    if (checkpoint_) restore();
    if (request_.resume && first_step_ == 0)
      record_->cut_after(0, 0);  // killed before its first checkpoint
    evaluator_->skip_constant_rows(record_->with_constant_rows());
    if (request_.extension) begin_extension();
    record_->write_provenance(*assembly_, *shelf_, data_identity_, device_.str(), threads_);
    record_->commit();
  }

  /// The checkpoint anew, so that a resume keeps what the earlier end wrote into the log.
  void begin_extension() {
    record_->extended(first_step_, epochs_before_, *request_.extension);
    save(first_step_);
    storage_.wait();
    folder_->replace_resolved(assembly_->resolved_toml);
  }

  void restore() {
    check_resume_plugins(checkpoint_->metadata.at("plugins"), plugins_);
    const auto made_with = checkpoint_->metadata.find("data");
    if (made_with == checkpoint_->metadata.end())
      throw DataError(
          "resume: the checkpoint does not say which images it was made with: an older "
          "kith wrote it; begin a new run");
    check_resume_data(made_with->second, data_identity_, assembly_->dataset->path());
    restore_training_state(*checkpoint_, *job_, trainer_->step().optimizer(), trainer_->probe());
    first_step_ = checkpoint_->step;
    if (const auto first = checkpoint_->metadata.find("first_step");
        first != checkpoint_->metadata.end())
      trainer_->guards().recall_first_step(first->second);
    if (const auto filled = checkpoint_->metadata.find("rows_filled");
        filled != checkpoint_->metadata.end())
      trainer_->filled_before(std::stoll(filled->second));
    // A run that was finished has no later steps, but results at its end that stay.
    if (!record_->finished()) {
      const auto log_bytes = std::stoull(checkpoint_->metadata.at("log_bytes"));
      if (const auto lacking = record_->cut_after(first_step_, log_bytes); lacking > 0)
        tell(events_.on_warning,
             fmt::format("resume: '{}' lacks {} of the {} bytes that it had at step {}: lines "
                         "are missing; run.h5 has the numbers",
                         folder_->log().string(), lacking, log_bytes, first_step_));
    }
    checkpoints_->remove_after(first_step_);
    checkpoint_.reset();
  }

  /// Hands a checkpoint to the storage thread; waits for the one before, so that there is one copy
  /// of the state at a time. The record is written first: what a resumed run keeps of it must be on
  /// disk when the checkpoint is.
  void save(std::int64_t step) {
    storage_.wait_for(last_checkpoint_);
    auto state = training_state(*job_, trainer_->step().optimizer(), trainer_->probe());
    require_finite_state(state, *job_, step);
    const auto epoch = step / trainer_->step().steps_per_epoch();
    last_checkpoint_ =
        storage_.post([this, step, epoch, course = course_of(*job_, *trainer_),
                       first_step = trainer_->guards().first_step(), state = std::move(state)] {
          record_->course(course);
          record_->commit();
          ArrayViews arrays;
          for (const auto& [name, tensor] : state) arrays[name] = tensor.view();
          checkpoints_->save(step, epoch, arrays,
                             {{"plugins", plugins_},
                              {"data", data_identity_},
                              {"log_bytes", std::to_string(record_->log_bytes())},
                              {"rows_filled", std::to_string(course.rows_filled)},
                              {"first_step", first_step},
                              {"libtorch", KITH_LIBTORCH_VERSION}});
        });
  }

  void at_epoch_end(std::int64_t epochs_done) {
    const auto& train = assembly_->experiment().train;
    const auto step = epochs_done * trainer_->step().steps_per_epoch();
    const bool last = epochs_done == train.epochs;
    if (evaluator_->due(epochs_done)) {
      const auto results = evaluator_->on_val(*job_, epochs_done);
      warn_of_evaluation();
      storage_.post([this, step, epochs_done, results] {
        record_->results(step, static_cast<double>(epochs_done), results);
        record_->commit();
      });
      tell(events_.on_evaluation, epochs_done, results);
    }
    if (last || epochs_done % train.checkpoint_every_epochs == 0) save(step);
  }

  /// Of what the storage thread could not write, where something else ends the run.
  void tell_of_failed_write() {
    try {
      if (const auto failure = storage_.untold()) std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      tell(events_.on_warning, error.what());
    }
  }

  void warn_of_evaluation() {
    for (const auto& text : evaluator_->take_warnings()) tell(events_.on_warning, text);
  }

  void train() {
    tell(events_.on_start, *assembly_, folder_->path(), device_.str(), first_step_);
    const StopSignal stop;
    TrainerEvents trainer_events;
    trainer_events.on_log = [&](const StepRecord& r) {
      storage_.post([this, r] { record_->step(r); });
      tell(events_.on_step, r);
    };
    trainer_events.on_epoch = [&](std::int64_t epochs) { at_epoch_end(epochs); };
    trainer_events.on_stop = [&](std::int64_t step) { save(step); };
    trainer_events.on_warning = events_.on_warning;
    try {
      outcome_.finished = trainer_->run(first_step_, stop, trainer_events);
    } catch (...) {
      tell_of_failed_write();
      throw;
    }
    outcome_.training_s = trainer_->training_s();
    outcome_.images_per_s = trainer_->images_per_s();
    outcome_.waiting_share = trainer_->waiting_share();
    storage_.wait();  // the last state is safe before test is read
    if (outcome_.finished) evaluate_at_end(stop);
  }

  /// A signal that comes before its results are written stops the run, which goes on with this.
  void evaluate_at_end(const StopSignal& stop) {
    const auto stopped = [&] { return stop.received() != 0; };
    outcome_.finished = !stopped();
    if (!outcome_.finished) return;  // test is not opened
    const auto& data = *assembly_->dataset;
    const auto left_out_before = data.left_out().size();
    record_->before_test(*assembly_);
    outcome_.results = evaluator_->at_end(*job_, stopped);
    outcome_.finished = !stopped();
    if (!outcome_.finished) return;
    warn_of_evaluation();
    if (const auto text = left_out_text(data, left_out_before); !text.empty())
      tell(events_.on_warning, text);
    outcome_.left_out = static_cast<std::int64_t>(data.left_out().size());
    outcome_.filled = trainer_->filled();
    record_->results(trainer_->step().steps(),
                     static_cast<double>(assembly_->experiment().train.epochs), outcome_.results);
    outcome_.peak_memory_bytes = peak_memory_bytes();
    outcome_.peak_device_memory_bytes = peak_device_memory_bytes(device_);
    record_->finish(*assembly_, *job_, *evaluator_, *trainer_);
  }

  const RunRequest& request_;
  const RunEvents& events_;
  RunOutcome outcome_;
  std::optional<RunFolder> folder_;
  std::optional<RunRecord> record_;
  std::optional<Checkpoint> checkpoint_;
  std::optional<CheckpointStore> checkpoints_;
  std::optional<PluginShelf> shelf_;
  std::optional<Assembly> assembly_;
  at::Device device_ = at::kCPU;
  Threads threads_;
  std::unique_ptr<Job> job_;
  std::unique_ptr<Trainer> trainer_;
  std::unique_ptr<Evaluator> evaluator_;
  std::string settings_now_;        // resolved TOML as it was found, of a run that goes on
  std::int64_t epochs_before_ = 0;  // of a run that is extended
  std::string plugins_;             ///< plugin_lines, each with a line break
  std::string data_identity_;
  std::int64_t first_step_ = 0;
  std::uint64_t last_checkpoint_ = 0;  // its number there
  StorageThread storage_;              ///< ends before what it writes
};

}  // namespace

RunOutcome run_experiment(const RunRequest& request, const RunEvents& events) {
  return ExperimentRun(request, events).run();
}

}  // namespace kith::host
