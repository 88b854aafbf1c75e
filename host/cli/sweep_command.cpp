// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <kith/error.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "cli/commands.h"
#include "cli/screen.h"
#include "model/plugin_shelf.h"
#include "store/atomic_file.h"
#include "store/run_folder.h"
#include "sweep/cells.h"
#include "sweep/heat_map.h"
#include "sweep/markdown.h"
#include "sweep/metric_name.h"
#include "sweep/sweep_table.h"
#include "sweep/table_into.h"
#include "train/device.h"
#include "train/stop_signal.h"
#include "train/threads.h"

namespace kith::host {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// One shelf for each folder of experiments.
class Shelves {
 public:
  const PluginCatalog& at(const fs::path& folder) {
    auto& shelf = shelves_[folder];
    if (!shelf) shelf = std::make_unique<PluginShelf>(folder);
    return *shelf;
  }

 private:
  std::map<fs::path, std::unique_ptr<PluginShelf>> shelves_;
};

const char* state_word(CellState state) {
  switch (state) {
    case CellState::kNew:
      return "new";
    case CellState::kBegun:
      return "begun";
    case CellState::kDone:
      return "done";
  }
  return "";
}

class Sweep {
 public:
  explicit Sweep(const SweepArguments& arguments) : arguments_(arguments) { read(); }

  int list() const {
    const SweepFolder folder(path());
    for (std::size_t i = 0; i < grid_.runs.size(); ++i) {
      const auto place = folder.place(grid_, grid_.runs[i]);
      fmt::print("{:>4}  {:<6} {}\n", i + 1, state_word(folder.state(place)), run_name(i));
    }
    fmt::print("{}: {}, in {}\n", file_.name, counts_text(), path().string());
    return kExitOk;
  }

  int check() {
    outcomes_ = outcomes_so_far(grid_, SweepFolder(path()));
    check_all();
    fmt::print("{}: {}; each setting that is not done can run\n", file_.name, counts_text());
    return kExitOk;
  }

  int run() {
    const SweepFolder folder(path());
    std::optional<FileDescriptor> lock;
    if (fs::exists(path())) lock.emplace(folder.hold());
    outcomes_ = outcomes_so_far(grid_, folder);
    check_all();
    if (stop_.received() != 0) return stopped();
    if (!lock) {
      lock.emplace(folder.hold());
      outcomes_ = outcomes_so_far(grid_, folder);
    }
    check_metrics(file_, outcomes_);
    show_start(folder);
    write_text_file(path() / "sweep.toml", file_text());
    write_tables();
    CellEvents events;
    events.on_begin = [&](std::size_t i, const CellPlace& place, bool goes_on) {
      begun_[i] = Clock::now();
      screen_.show(fmt::format("[{}/{}] {}: {} ({})\n", i + 1, grid_.runs.size(), run_name(i),
                               goes_on ? "goes on" : "begins", shown(place.output)));
    };
    events.on_end = [&](std::size_t i, const std::vector<CellOutcome>&) { ended(i); };
    run_cells(grid_, folder, request(), outcomes_, events);
    return finish();
  }

 private:
  void read() {
    Problems problems;
    const fs::path path(arguments_.file);
    auto sweep = read_sweep(path, arguments_.small, problems);
    const auto name = path.lexically_normal().string();
    if (!sweep) problems.raise(name);
    file_ = std::move(*sweep);
    if (arguments_.jobs > 0) file_.jobs = arguments_.jobs;
    grid_ = resolve_grid(
        file_, arguments_.set,
        [&](const fs::path& folder) -> const PluginCatalog& { return shelves_.at(folder); },
        problems);
    problems.raise(name);
    for (const auto& warning : grid_.warnings) spdlog::warn("{}", warning);
    const auto cores = usable_cores();
    if (file_.jobs > cores)
      throw ConfigError(
          fmt::format("sweep: jobs must be at most the {} cores, so that each run has one, got {}",
                      cores, file_.jobs));
  }

  std::string file_text() const {
    std::ifstream stream(arguments_.file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  fs::path path() const { return fs::absolute(RunFolder::runs_root() / file_.name); }
  std::string shown(const fs::path& place) const {
    const auto relative = place.lexically_relative(fs::current_path());
    return !relative.empty() && *relative.begin() != ".." ? relative.string() : place.string();
  }
  std::string run_name(std::size_t i) const { return run_text(file_, grid_, grid_.runs[i]); }
  /// Points that no case leaves out.
  std::size_t settings() const {
    std::set<std::size_t> points;
    for (const auto& run : grid_.runs) points.insert(run.point);
    return points.size();
  }
  std::string counts_text() const {
    return fmt::format("{} runs of {} settings", grid_.runs.size(), settings());
  }

  CellRequest request() const {
    CellRequest request;
    request.program = fs::read_symlink("/proc/self/exe");
    request.device = arguments_.device;
    request.at_a_time = file_.jobs;
    request.cores = usable_cores();
    request.stop = [this] { return stop_.received(); };
    return request;
  }

  void check_all() const {
    const auto wrong = check_cells(grid_, outcomes_, request());
    std::string text;
    std::size_t count = 0;
    for (std::size_t p = 0; p < wrong.size(); ++p) {
      if (wrong[p].empty()) continue;
      text += point_text(file_, grid_.points[p]) + ": " + wrong[p] + "\n";
      ++count;
    }
    if (count == 0) return;
    throw ConfigError(fmt::format("{}{} of {} settings of {} can't run; none was begun", text,
                                  count, grid_.points.size(), arguments_.file));
  }

  void show_start(const SweepFolder& folder) const {
    std::size_t done = 0;
    for (const auto& outcome : outcomes_) done += outcome.end == CellEnd::kDone ? 1 : 0;
    screen_.show(fmt::format("{}: {}, {} done already, {} at a time, in {}\n", file_.name,
                             counts_text(), done, file_.jobs, shown(path())));
    const auto strangers = folder.strangers(grid_);
    if (strangers.empty()) return;
    constexpr std::size_t kMostNames = 5;
    std::string names;
    for (std::size_t i = 0; i < strangers.size() && i < kMostNames; ++i)
      names += (i == 0 ? "" : ", ") + strangers[i];
    if (strangers.size() > kMostNames) names += ", ...";
    spdlog::warn(
        "{} run folders belong to no cell of {} any more, since the settings have changed; they "
        "are "
        "left as they are, and the changed cells are new: {}",
        strangers.size(), arguments_.file, names);
  }

  void ended(std::size_t i) {
    check_metrics(file_, outcomes_);
    const auto& outcome = outcomes_[i];
    const double seconds = std::chrono::duration<double>(Clock::now() - begun_[i]).count();
    std::string text;
    if (outcome.end == CellEnd::kDone) {
      const auto& metric = file_.metrics.front().path;
      text =
          fmt::format("{} {} in {:.0f} s", short_metric(metric),
                      statistic_text(statistic_of({outcome.result->metrics.at(metric)})), seconds);
    } else {
      text = outcome.end == CellEnd::kStopped ? "stopped" : "failed: " + outcome.error;
    }
    screen_.show(fmt::format("[{}/{}] {}: {}\n", i + 1, grid_.runs.size(), run_name(i), text));
    write_tables();
  }

  void write_tables() {
    const auto summary = summarise(file_, grid_, outcomes_);
    markdown_ = markdown_table(file_, grid_, summary, outcomes_);
    write_text_file(path() / "table.csv", csv_table(file_, grid_, summary, outcomes_));
    write_text_file(path() / "table.md", markdown_);
    if (const auto map = heat_map_of(file_, summary))
      write_text_file(path() / "heatmap.png", draw(*map).png());
    else
      fs::remove(path() / "heatmap.png");
  }

  int finish() {
    const auto summary = summarise(file_, grid_, outcomes_);
    if (summary.done + summary.failed < summary.runs) return stopped();
    if (!arguments_.into.empty()) put_table_into(arguments_.into, file_.name, markdown_);
    std::string files = shown(path() / "table.csv") + ", table.md";
    if (fs::exists(path() / "heatmap.png")) files += ", heatmap.png";
    screen_.finish(fmt::format("\n{}\nthe table is in {}\n", markdown_, files));
    if (summary.failed == 0) return kExitOk;
    std::string failed;
    for (std::size_t i = 0; i < outcomes_.size(); ++i)
      if (outcomes_[i].end == CellEnd::kFailed)
        failed += "\n  " + run_name(i) + ": " + outcomes_[i].error;
    throw Error(fmt::format("sweep: {} of {} runs failed; `kith sweep {}` tries them again:{}",
                            summary.failed, summary.runs, arguments_.file, failed));
  }

  int stopped() const {
    screen_.finish(fmt::format(
        "stopped; the runs that were under way have checkpoints. Go on with: kith sweep {}{}\n",
        arguments_.file, arguments_.small ? " --small" : ""));
    return kExitStopped;
  }

  const SweepArguments& arguments_;
  Shelves shelves_;
  SweepFile file_;
  SweepGrid grid_;
  std::vector<CellOutcome> outcomes_;
  std::map<std::size_t, Clock::time_point> begun_;
  std::string markdown_;
  const Screen screen_;
  const StopSignal stop_;
};

}  // namespace

int sweep_command(const SweepArguments& arguments) {
  require_device_word(arguments.device);
  Sweep sweep(arguments);
  if (arguments.list) return sweep.list();
  return arguments.check ? sweep.check() : sweep.run();
}

}  // namespace kith::host
