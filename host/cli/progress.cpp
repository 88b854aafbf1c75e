// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>

namespace kith::host {
namespace {

constexpr int kBarWidth = 24;
constexpr double kPlainInterval = 10;  // s between plain lines

std::string time_text(double seconds) {
  const auto s = static_cast<std::int64_t>(std::lround(seconds));
  if (s >= 3600) return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  return fmt::format("{}:{:02}", s / 60, s % 60);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Progress::Progress(const Screen& screen, std::int64_t first_step, std::int64_t steps,
                   std::int64_t epochs)
    : screen_(screen),
      terminal_(isatty(STDOUT_FILENO) == 1),
      first_step_(first_step),
      steps_(steps),
      epochs_(epochs),
      start_(std::chrono::steady_clock::now()),
      last_line_(start_) {}

std::string Progress::line(const StepRecord& r) const {
  const auto done = static_cast<double>(r.step - first_step_);
  const auto left =
      done > 0 ? seconds_since(start_) / done * static_cast<double>(steps_ - r.step) : 0;
  const auto probe = r.metrics.find("online_probe_top1");
  const auto probe_text =
      probe == r.metrics.end() ? "" : fmt::format("  probe {:.1f} %", 100 * probe->second);
  return fmt::format("epoch {:.1f}/{}  step {}/{}  loss {:.4f}{}  {:.0f} images/s  {} left",
                     r.epoch, epochs_, r.step, steps_, r.loss, probe_text, r.images_per_s,
                     time_text(left));
}

void Progress::show(const StepRecord& r) {
  if (terminal_) {
    const auto full = static_cast<int>(kBarWidth * r.step / std::max<std::int64_t>(1, steps_));
    screen_.show(fmt::format("\r[{}{}] {}\x1b[K", std::string(static_cast<std::size_t>(full), '='),
                             std::string(static_cast<std::size_t>(kBarWidth - full), ' '),
                             line(r)));
    drawn_ = true;
  } else {
    const bool epoch_ends = r.epoch == std::floor(r.epoch);
    if (!epoch_ends && seconds_since(last_line_) < kPlainInterval) return;
    last_line_ = std::chrono::steady_clock::now();
    screen_.show(line(r) + "\n");
  }
}

void Progress::pause() {
  if (drawn_) screen_.show("\n");
  drawn_ = false;
}

}  // namespace kith::host
