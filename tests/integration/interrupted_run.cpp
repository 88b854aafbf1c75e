// SPDX-License-Identifier: Apache-2.0
#include "interrupted_run.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "small_data.h"

namespace kith::integration {
namespace fs = std::filesystem;
namespace {

std::ptrdiff_t count_lines(const fs::path& file) {
  if (!fs::exists(file)) return 0;
  const auto text = read_text(file);
  return std::count(text.begin(), text.end(), '\n');
}

}  // namespace

InterruptedRun::InterruptedRun() { write_idx_data(folder() / "data"); }

std::string InterruptedRun::long_experiment() {
  auto text = replaced(kSmallExperiment, "epochs = 4", "epochs = 10");
  text = replaced(text, "every_epochs = 2", "every_epochs = 3");
  return replaced(text, "widths = [8, 16]", "widths = [16, 32]");  // a step of some 10 ms
}

void InterruptedRun::wait_for_steps(Process& process, const fs::path& run, int lines) {
  while (process.running() && count_lines(run / "log.jsonl") < lines) ::usleep(300);
}

InterruptedRun::Interrupted InterruptedRun::interrupted(const std::string& text, int lines,
                                                        int signal, int later_us) const {
  static int number = 0;
  for (int attempt = 0; attempt < 5; ++attempt) {
    const auto made = folder() / ("interrupted" + std::to_string(number++));
    Process process(command({"run", experiment(text), "--folder", made.string()}));
    wait_for_steps(process, made, lines);
    ::usleep(static_cast<useconds_t>(later_us));
    process.send(signal);
    const auto outcome = process.wait();
    if (outcome.code == 1) throw std::runtime_error("the run failed: " + outcome.err);
    if (outcome.code != 0) return {made, outcome};
  }
  throw std::runtime_error("five runs ended before the signal reached them");
}

int InterruptedRun::newest_step(const fs::path& run) {
  int newest = 0;
  const std::string begin = "step-", end = ".safetensors";
  if (!fs::exists(run / "checkpoints")) return newest;
  for (const auto& entry : fs::directory_iterator(run / "checkpoints")) {
    const auto name = entry.path().filename().string();
    if (name.starts_with(begin) && name.ends_with(end))
      newest = std::max(newest, std::stoi(name.substr(begin.size())));
  }
  return newest;
}

void InterruptedRun::finish(const fs::path& run) const {
  const int newest = newest_step(run);
  const auto outcome = kith({"run", "--resume", run.string()});
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, testing::HasSubstr("features, metrics and settings are in"));
  const std::string goes_on = "going on after step ";
  if (newest > 0)
    EXPECT_THAT(outcome.out, testing::HasSubstr(goes_on + std::to_string(newest) + "\n"));
  else
    EXPECT_THAT(outcome.out, testing::Not(testing::HasSubstr(goes_on)));
}

}  // namespace kith::integration
