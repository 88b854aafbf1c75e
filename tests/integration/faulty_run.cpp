// SPDX-License-Identifier: Apache-2.0
#include "faulty_run.h"

#include <sstream>
#include <stdexcept>

#include "small_data.h"

namespace kith::integration {
namespace fs = std::filesystem;

std::string FaultyRun::short_experiment() {
  return replaced(replaced(kSmallExperiment, "epochs = 4", "epochs = 2"), "every_epochs = 2",
                  "every_epochs = 1");
}

Outcome FaultyRun::run_with_fault(const fs::path& made, const std::string& action, long at) const {
  auto started = command({"run", experiment(short_experiment()), "--folder", made.string()});
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

FaultyRun::Range FaultyRun::version(const std::vector<Call>& calls, const std::string& target,
                                    int number) {
  // What is written aside is called ".<name>.<process>-<n>.partial".
  const auto is_of_target = [&](const Call& call) {
    return call.file.filename().string().find(target) != std::string::npos;
  };
  Range range;
  int versions = 0;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto at = static_cast<long>(i) + 1;
    if (range.first == 0 && is_of_target(calls[i])) range.first = at;
    if (calls[i].kind != "rename" || !is_of_target(calls[i])) continue;
    range.last = at + 1;
    if (++versions == number) return range;
    range.first = 0;
  }
  throw std::runtime_error("only " + std::to_string(versions) + " versions of " + target);
}

}  // namespace kith::integration
