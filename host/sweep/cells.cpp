// SPDX-License-Identifier: Apache-2.0
#include "sweep/cells.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <kith/error.hpp>
#include <set>
#include <system_error>

#include "config/parse_document.h"
#include "store/atomic_file.h"
#include "store/scratch_folder.h"
#include "sweep/process_pool.h"

namespace kith::host {
namespace {

namespace fs = std::filesystem;

constexpr int kStoppedCode = 3;  // of `kith run`, with a checkpoint written

std::int64_t share_of(const CellRequest& request, std::int64_t wanted) {
  const auto even = std::max<std::int64_t>(1, request.cores / request.at_a_time);
  return std::min(request.cores, std::max(even, wanted));
}

/// The tensor threads that a run began with: it goes on with as many.
std::int64_t threads_of(const fs::path& run) {
  Problems ignored;
  std::ifstream file(run / "resolved.toml", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto node = parse_document(text, "resolved.toml", run, ignored);
  const auto* train = node ? node->find("train") : nullptr;
  const auto* threads = train == nullptr ? nullptr : train->find("tensor_threads");
  if (threads == nullptr || threads->kind != ConfigNode::Kind::kInt) return 0;
  return std::get<std::int64_t>(threads->scalar);
}

std::vector<std::size_t> waiting_runs(const std::vector<CellOutcome>& outcomes) {
  std::vector<std::size_t> waiting;
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    if (outcomes[i].end == CellEnd::kWaiting) waiting.push_back(i);
  return waiting;
}

class Runner {
 public:
  Runner(const SweepGrid& grid, const SweepFolder& folder, const CellRequest& request,
         std::vector<CellOutcome>& outcomes, const CellEvents& events)
      : grid_(grid), folder_(folder), request_(request), outcomes_(outcomes), events_(events) {}

  void run() {
    waiting_ = waiting_runs(outcomes_);
    PoolEvents pool;
    pool.make = [&](std::size_t i) { return job(waiting_[i]); };
    pool.on_end = [&](std::size_t i, const ProcessEnd& end) { ended(waiting_[i], end); };
    pool.stop = request_.stop;
    run_pool(waiting_.size(), {request_.at_a_time, request_.cores}, pool);
  }

 private:
  PoolJob job(std::size_t index) {
    const SweepRun& run = grid_.runs[index];
    const auto place = folder_.place(grid_, run);
    const bool goes_on = folder_.state(place) == CellState::kBegun;
    PoolJob job;
    job.output = place.output;
    job.errors = place.errors;
    job.command = {request_.program.string(),  "run",      "--parent",
                   std::to_string(::getpid()), "--device", request_.device};
    const auto add = [&](std::initializer_list<std::string> words) {
      job.command.insert(job.command.end(), words);
    };
    if (goes_on) {
      add({"--resume", place.run.string()});
      job.threads = share_of(request_, threads_of(place.run));
    } else {
      fs::remove_all(place.run);  // of a run that ended before there was anything to go on from
      write_text_file(place.experiment, run.resolved_toml);
      add({place.experiment.string(), "--folder", place.run.string(), "--plugins",
           run.plugin_folder.string()});
      job.threads = share_of(request_, run.threads);
    }
    events_.on_begin(index, place, goes_on);
    return job;
  }

  void ended(std::size_t index, const ProcessEnd& end) {
    const auto place = folder_.place(grid_, grid_.runs[index]);
    auto& outcome = outcomes_[index];
    if (end.code == 0) {
      read(index, place);
    } else if (request_.stop() != 0 && (end.code == kStoppedCode || end.signal != 0)) {
      outcome.end = CellEnd::kStopped;
    } else {
      outcome.end = CellEnd::kFailed;
      outcome.error = last_error(place.errors);
      if (outcome.error.empty()) outcome.error = "the process " + end_text(end);
    }
    events_.on_end(index, outcomes_);
  }

  void read(std::size_t index, const CellPlace& place) {
    auto& outcome = outcomes_[index];
    try {
      outcome.result = read_result(place.run, grid_.runs[index].batch_size);
      outcome.end = CellEnd::kDone;
    } catch (const Error& error) {
      outcome.end = CellEnd::kFailed;
      outcome.error = error.what();
    }
  }

  const SweepGrid& grid_;
  const SweepFolder& folder_;
  const CellRequest& request_;
  std::vector<CellOutcome>& outcomes_;
  const CellEvents& events_;
  std::vector<std::size_t> waiting_;
};

}  // namespace

std::vector<CellOutcome> outcomes_so_far(const SweepGrid& grid, const SweepFolder& folder) {
  std::vector<CellOutcome> outcomes(grid.runs.size());
  for (std::size_t i = 0; i < grid.runs.size(); ++i) {
    const auto place = folder.place(grid, grid.runs[i]);
    if (folder.state(place) != CellState::kDone) continue;
    outcomes[i].end = CellEnd::kDone;
    outcomes[i].result = read_result(place.run, grid.runs[i].batch_size);
  }
  return outcomes;
}

std::vector<std::string> check_cells(const SweepGrid& grid,
                                     const std::vector<CellOutcome>& outcomes,
                                     const CellRequest& request) {
  std::vector<std::size_t> first;  // run of each point that is not done
  std::set<std::size_t> points;
  for (const auto i : waiting_runs(outcomes))
    if (points.insert(grid.runs[i].point).second) first.push_back(i);
  std::vector<std::string> wrong(grid.points.size());
  const ScratchFolder scratch;
  const auto file = [&](std::size_t i, const char* ending) {
    return scratch.path() / ("cell" + std::to_string(i) + ending);
  };
  // A check takes a second of one core and room for one step.
  constexpr std::int64_t kMostChecks = 4;
  const auto at_a_time = std::min(kMostChecks, request.cores);
  PoolEvents pool;
  pool.make = [&](std::size_t i) {
    const SweepRun& run = grid.runs[first[i]];
    write_text_file(file(i, ".toml"), run.resolved_toml);
    return PoolJob{{request.program.string(), "check", file(i, ".toml").string(), "--plugins",
                    run.plugin_folder.string()},
                   share_of({{}, {}, at_a_time, request.cores, {}}, run.threads),
                   "/dev/null",
                   file(i, ".err")};
  };
  pool.on_end = [&](std::size_t i, const ProcessEnd& end) {
    if (end.code == 0 || request.stop() != 0) return;
    auto& text = wrong[grid.runs[first[i]].point];
    text = last_error(file(i, ".err"));
    if (text.empty()) text = "`kith check` " + end_text(end);
  };
  pool.stop = request.stop;
  run_pool(first.size(), {at_a_time, request.cores}, pool);
  return wrong;
}

void run_cells(const SweepGrid& grid, const SweepFolder& folder, const CellRequest& request,
               std::vector<CellOutcome>& outcomes, const CellEvents& events) {
  Runner(grid, folder, request, outcomes, events).run();
}

}  // namespace kith::host
