// SPDX-License-Identifier: Apache-2.0
#include "faulty_run.h"

#include <sstream>
#include <stdexcept>

#include "small_data.h"

namespace kith::integration {
namespace fs = std::filesystem;

std::string FaultyRun::short_experiment() {
  const auto text = replaced(kSmallExperiment, kSmallMethod, kQueueMethod);
  return replaced(replaced(text, "epochs = 4", "epochs = 2"), "every_epochs = 2",
                  "every_epochs = 1");
}

Outcome FaultyRun::run_with_fault(const fs::path& made, const std::string& action, long at) const {
  auto started = command({"run", experiment(run_text), "--folder", made.string()});
  preload(started.environment, KITH_FAULT_SHIM);
  started.environment["FAULT_PATH"] = made.string();
  started.environment["FAULT_ACTION"] = action;
  started.environment["FAULT_AT"] = std::to_string(at);
  started.environment["FAULT_LOG"] = made.string() + "-calls.txt";
  return Process(started).wait();
}

std::vector<FaultyRun::Call> FaultyRun::calls_of_a_run() const {
  const auto made = folder() / "untouched";
  const auto outcome = run_with_fault(made, "none", 0);
  if (outcome.code != 0) throw std::runtime_error("the run failed: " + outcome.err);
  std::vector<Call> calls;
  std::istringstream lines(read_text(made.string() + "-calls.txt"));
  for (std::string kind, file; lines >> kind >> file;) calls.push_back({kind, file});
  return calls;
}

bool FaultyRun::Call::is_of(const std::string& target) const {
  // What is written aside is called ".<name>.<process>-<n>.partial".
  return file.filename().string().find(target) != std::string::npos;
}

FaultyRun::Range FaultyRun::version(const std::vector<Call>& calls, const std::string& target,
                                    int number) {
  Range range;
  int versions = 0;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto at = static_cast<long>(i) + 1;
    if (range.first == 0 && calls[i].is_of(target)) range.first = at;
    if (calls[i].kind != "rename" || !calls[i].is_of(target)) continue;
    range.last = at + 1;
    if (++versions == number) return range;
    range.first = 0;
  }
  throw std::runtime_error("only " + std::to_string(versions) + " versions of " + target);
}

FaultyRun::Range FaultyRun::last_version(const std::vector<Call>& calls,
                                         const std::string& target) {
  int versions = 0;
  for (const auto& call : calls) versions += call.kind == "rename" && call.is_of(target) ? 1 : 0;
  return version(calls, target, versions);
}

FaultyRun::Range FaultyRun::calls_after(const std::vector<Call>& calls, const std::string& target,
                                        long after) {
  Range range;
  for (auto i = static_cast<std::size_t>(after); i < calls.size(); ++i) {
    if (!calls[i].is_of(target)) {
      if (range.first > 0) break;
      continue;
    }
    range.last = static_cast<long>(i) + 1;
    if (range.first == 0) range.first = range.last;
  }
  if (range.first == 0)
    throw std::runtime_error("no call on " + target + " behind call " + std::to_string(after));
  return range;
}

}  // namespace kith::integration
