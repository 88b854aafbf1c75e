// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <kith/error.hpp>
#include <optional>

#include "cli/bytes_text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "eval/result_table.h"
#include "train/experiment_run.h"

namespace kith::host {
namespace {

std::string start_text(const Assembly& a, const std::filesystem::path& folder,
                       const std::string& device, std::int64_t first_step) {
  const auto& e = a.experiment();
  auto text = fmt::format("{}: {} on {} training images, {} epochs of {} steps of {} images\n",
                          e.name, a.method->metadata.name, a.train_images(), e.train.epochs,
                          a.steps_per_epoch(), e.train.batch_size);
  text += fmt::format("on {}, {} tensor and {} loader threads; run folder {}\n", device,
                      *e.train.tensor_threads, *e.train.loader_threads, folder.string());
  text +=
      fmt::format("{}, learning rate {:g}, schedule {} with {:g} epochs of warm-up\n",
                  to_text(e.optimizer.kind), peak_learning_rate(e.optimizer, e.train.batch_size),
                  to_text(e.schedule.kind), e.schedule.warmup_epochs);
  if (first_step > 0) text += fmt::format("going on after step {}\n", first_step);
  return text;
}

std::string end_text(const RunOutcome& outcome) {
  if (outcome.was_finished)
    return fmt::format("the run in {} is finished; there is nothing left to do\n",
                       outcome.folder.string());
  if (!outcome.finished)
    return fmt::format("stopped; a checkpoint was written. Go on with: kith run --resume {}\n",
                       outcome.folder.string());
  std::string text;
  if (!outcome.results.empty()) {
    text += fmt::format("\n{}\n", result_table(outcome.results));
    if (const auto sentence = result_sentence(outcome.results); !sentence.empty())
      text += sentence + "\n";
  }
  if (outcome.left_out > 0)
    text += fmt::format("{} {} not decode, left out; log.jsonl names them\n", outcome.left_out,
                        outcome.left_out == 1 ? "image does" : "images do");
  if (outcome.filled > 0)
    text += fmt::format("{} times an image stopped decoding, and another one took its place\n",
                        outcome.filled);
  text += fmt::format(
      "trained for {:.0f} s: {:.0f} images/s, {:.1f} % of the time waiting for data; "
      "at most {} of memory{}\n",
      outcome.training_s, outcome.images_per_s, 100 * outcome.waiting_share,
      bytes_text(outcome.peak_memory_bytes),
      outcome.peak_device_memory_bytes > 0
          ? ", and " + bytes_text(outcome.peak_device_memory_bytes) + " of the GPU's"
          : "");
  text +=
      fmt::format("features, metrics and settings are in {}, checkpoints in {}\n",
                  (outcome.folder / "run.h5").string(), (outcome.folder / "checkpoints").string());
  return text;
}

/// This process is killed when that one ends, however it ends: nobody would wait for it.
void end_with(int parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) throw Error("run: the process that began this run has ended");
}

}  // namespace

int run_command(const RunArguments& arguments) {
  if (arguments.parent > 0) end_with(arguments.parent);
  RunRequest request;
  request.experiment = arguments.experiment;
  request.overrides = arguments.set;
  request.device = arguments.device;
  if (!arguments.folder.empty()) request.folder = arguments.folder;
  if (!arguments.resume.empty()) request.resume = arguments.resume;
  if (!arguments.extend.empty())
    request.extension = read_extension(arguments.extend, arguments.stretch_schedules);
  if (!arguments.plugins.empty()) request.plugin_folder = arguments.plugins;

  const Screen screen;
  std::optional<Progress> progress;
  const auto aside = [&](auto&& print) {
    if (progress) progress->pause();
    print();
  };
  RunEvents events;
  events.on_start = [&](const Assembly& a, const std::filesystem::path& folder,
                        const std::string& device, std::int64_t first_step) {
    screen.show(start_text(a, folder, device, first_step));
    progress.emplace(screen, first_step, a.steps_per_epoch() * a.experiment().train.epochs,
                     a.experiment().train.epochs);
  };
  events.on_step = [&](const StepRecord& r) { progress->show(r); };
  events.on_evaluation = [&](std::int64_t epochs, const std::vector<Result>& results) {
    aside([&] {
      if (!results.empty())
        screen.show(fmt::format("after {} epochs: {}", epochs, result_table(results)));
    });
  };
  events.on_warning = [&](const std::string& text) { aside([&] { spdlog::warn("{}", text); }); };
  events.on_note = [&](const std::string& text) { aside([&] { spdlog::info("{}", text); }); };
  const auto outcome = run_experiment(request, events);
  if (progress) progress->pause();
  screen.finish(end_text(outcome));
  return outcome.finished ? kExitOk : kExitStopped;
}

}  // namespace kith::host
