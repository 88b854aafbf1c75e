// SPDX-License-Identifier: Apache-2.0
#include "train/run_record.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "build_facts.h"
#include "tensor/services.h"
#include "train/peak_memory.h"
#include "train/state_meaning.h"
#include "train/training_state.h"

namespace kith::host {
namespace {

constexpr std::int64_t kChunkRows = 256;

std::string utc_now() {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  char text[32];
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

constexpr Split kSplits[] = {Split::kTrain, Split::kVal, Split::kTest};

}  // namespace

std::vector<std::string> plugin_lines(const PluginShelf& shelf) {
  std::vector<std::string> lines;
  for (const auto& [id, record] : shelf.used())
    lines.push_back(id + " " + record->metadata.version + " " + record->sha256);
  return lines;
}

RunRecord::RunRecord(const std::filesystem::path& log, const std::filesystem::path& run_file)
    : log_(log), file_(run_file), test_reads_before_(test_reads()) {}

void RunRecord::write_provenance(const Assembly& a, const PluginShelf& shelf,
                                 const std::string& data_identity, const std::string& device,
                                 const Threads& threads) {
  const auto& e = a.experiment();
  file_.set_attribute("kith_version", std::string(KITH_VERSION));
  file_.set_attribute("kith_commit", std::string(KITH_COMMIT));
  file_.set_attribute("libtorch_version", libtorch_version());
  file_.set_attribute("name", e.name);
  file_.set_attribute("seed", static_cast<std::int64_t>(e.seed));
  file_.set_attribute("device", device);
  file_.set_attribute("tensor_threads", threads.tensor);
  file_.set_attribute("loader_threads", threads.loader);
  file_.set_attribute("resolved_experiment", a.resolved_toml);
  file_.set_attribute("experiment_folder", e.folder.string());
  file_.set_attribute("plugins", plugin_lines(shelf));
  file_.set_attribute("data_identity", data_identity);
  file_.set_attribute("val_rule", a.dataset->val_rule());
  file_.set_attribute("train_images", a.train_images());
  if (!file_.attributes().contains("started")) file_.set_attribute("started", utc_now());
  file_.set_attribute("finished", std::string(""));
}

void RunRecord::step(const StepRecord& r) {
  nlohmann::ordered_json line{{"step", r.step},
                              {"epoch", r.epoch},
                              {"loss", r.loss},
                              {"learning_rate", r.learning_rate},
                              {"images_per_s", r.images_per_s},
                              {"waiting_share", r.waiting_share}};
  for (const auto& [name, value] : r.metrics) line[name] = value;
  log_.write(line);
  file_.add_metric("train/loss", "1", {r.step, r.epoch, r.loss});
  file_.add_metric("train/learning_rate", "1", {r.step, r.epoch, r.learning_rate});
  for (const auto& [name, value] : r.metrics)
    file_.add_metric("train/" + name, "1", {r.step, r.epoch, value});
}

void RunRecord::results(std::int64_t step, double epoch, const std::vector<Result>& results) {
  for (const auto& r : results) {
    const auto unit = r.unit == "fraction" || r.unit.empty() ? std::string("1") : r.unit;
    file_.add_metric(r.path(), unit, {step, epoch, r.value});
    log_.write({{"step", step}, {"epoch", epoch}, {"metric", r.path()}, {"value", r.value}});
  }
}

void RunRecord::write_samples(const Dataset& dataset) {
  for (const auto split : kSplits) {
    const auto n = dataset.size(split);
    if (n == 0 || (split == Split::kTest && dataset.test_reads() == 0)) continue;
    std::vector<std::string> names;
    for (std::int64_t i = 0; i < n; ++i) names.push_back(dataset.name(split, i));
    const auto labels = dataset.has_labels() ? dataset.labels(split) : std::vector<std::int64_t>{};
    file_.write_samples(std::string(split_name(split)), names, labels, dataset.class_names());
  }
}

void RunRecord::write_left_out(const Dataset& dataset) {
  const auto count = static_cast<std::int64_t>(dataset.left_out().size());
  file_.set_attribute("images_left_out", count);
  for (const auto& image : dataset.left_out())
    log_.write({{"left_out", image.name},
                {"split", std::string(split_name(image.split))},
                {"reason", image.reason}});
}

void RunRecord::write_features(const Evaluator& evaluator) {
  const auto& choice = evaluator.feature_choice();
  for (const auto& [split, features] : evaluator.features()) {
    auto writer = file_.features({choice.role, choice.copy, choice.output, split}, DType::kFloat32,
                                 features.size(0), {features.size(1)},
                                 std::min(kChunkRows, features.size(0)));
    writer.append(snapshot(features).view());
    writer.finish();
  }
}

void RunRecord::write_state(Job& job) {
  const auto write = [&](const auto& tensors) {
    for (const auto& t : tensors)
      if (!t.export_kind.empty())
        file_.write_state(t.export_kind, t.name, snapshot(t.value).view(),
                          state_meaning(t.export_kind));
  };
  write(job.state().parameters());
  write(job.state().buffers());
}

void RunRecord::write_tables(const Evaluator& evaluator) {
  for (const auto& table : evaluator.tables())
    file_.write_state("evaluation", table.path, snapshot(table.value).view());
}

Course course_of(Job& job, const Trainer& trainer) {
  Course course{trainer.filled(), trainer.images_per_s(), trainer.waiting_share(),
                peak_memory_bytes(), std::nullopt};
  if (const auto device = job.settings().device; !device.is_cpu())
    course.peak_device_memory_bytes = peak_device_memory_bytes(device);
  return course;
}

void RunRecord::course(const Course& course) {
  file_.set_attribute("rows_filled", course.rows_filled);
  if (course.images_per_s > 0) {
    file_.set_attribute("images_per_s", course.images_per_s);
    file_.set_attribute("waiting_share", course.waiting_share);
  }
  file_.set_attribute("peak_memory_bytes", course.peak_memory_bytes);
  if (course.peak_device_memory_bytes)
    file_.set_attribute("peak_device_memory_bytes", *course.peak_device_memory_bytes);
}

std::int64_t RunRecord::test_reads() const {
  const auto known = file_.attributes().find("test_reads");
  return known == file_.attributes().end() ? 0 : std::get<std::int64_t>(known->second);
}

void RunRecord::before_test(const Assembly& a) {
  if (!a.reads(Split::kTest)) return;
  file_.set_attribute("test_reads", test_reads_before_ + 1);
  commit();
}

void RunRecord::finish(const Assembly& a, Job& job, const Evaluator& evaluator,
                       const Trainer& trainer) {
  write_samples(*a.dataset);
  if (!a.trained.empty()) file_.write_trained_rows(a.trained);
  write_features(evaluator);
  write_state(job);
  write_tables(evaluator);
  file_.set_attribute("test_reads", test_reads_before_ + a.dataset->test_reads());
  write_left_out(*a.dataset);
  course(course_of(job, trainer));
  file_.set_attribute("finished", utc_now());
  commit();
}

void RunRecord::extended(std::int64_t step, std::int64_t epochs_before,
                         const Extension& extension) {
  log_.write({{"step", step},
              {"epochs_before", epochs_before},
              {"epochs", extension.epochs},
              {"schedules_stretched", extension.stretch_schedules}});
  std::vector<std::string> lines;
  if (const auto known = file_.attributes().find("extensions"); known != file_.attributes().end())
    lines = std::get<std::vector<std::string>>(known->second);
  const auto line = "at step " + std::to_string(step) + ": " + std::to_string(epochs_before) +
                    " epochs, now " + std::to_string(extension.epochs) +
                    (extension.stretch_schedules ? ", schedules stretched" : "");
  if (lines.empty() || lines.back() != line) lines.push_back(line);  // killed and told again
  file_.set_attribute("extensions", lines);
}

void RunRecord::commit() {
  log_.sync();
  file_.commit();
}

std::uint64_t RunRecord::cut_after(std::int64_t step, std::uint64_t log_bytes) {
  const auto lacking = log_bytes - std::min(log_bytes, log_.size());
  log_.cut_after(step);
  log_.cut_to(log_bytes);
  file_.cut_metrics_after(step);
  return lacking;
}

std::optional<RunBeginning> RunRecord::beginning() const {
  const auto& known = file_.attributes();
  const auto settings = known.find("resolved_experiment"), plugins = known.find("plugins"),
             data = known.find("data_identity"), device = known.find("device");
  for (const auto& one : {settings, plugins, data, device})
    if (one == known.end()) return std::nullopt;
  return RunBeginning{std::get<std::string>(settings->second),
                      std::get<std::vector<std::string>>(plugins->second),
                      std::get<std::string>(data->second), std::get<std::string>(device->second)};
}

std::filesystem::path RunRecord::experiment_folder() const {
  const auto found = file_.attributes().find("experiment_folder");
  return found == file_.attributes().end() ? std::string() : std::get<std::string>(found->second);
}

bool RunRecord::finished() const {
  const auto found = file_.attributes().find("finished");
  return found != file_.attributes().end() && std::get<std::string>(found->second) != "";
}

std::set<std::string> RunRecord::with_constant_rows() const {
  std::set<std::string> evaluations;
  for (const auto& [path, values] : file_.metrics())
    if (const auto at = path.find("/val/untrained/"); at != std::string::npos)
      evaluations.insert(path.substr(0, at));
  return evaluations;
}

}  // namespace kith::host
