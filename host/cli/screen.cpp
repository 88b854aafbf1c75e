// SPDX-License-Identifier: Apache-2.0
#include "cli/screen.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>

namespace kith::host {
namespace {

/// A pipe that can be written to takes this many bytes without waiting.
constexpr std::size_t kSafe = PIPE_BUF;

bool takes_text() {
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  return poll(&output, 1, 0) == 1 && (output.revents & POLLOUT) != 0;
}

template <class MayWrite>
void write_all(std::string_view text, const MayWrite& may_write) {
  while (!text.empty() && may_write()) {
    const auto wrote = ::write(STDOUT_FILENO, text.data(), std::min(text.size(), kSafe));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

}  // namespace

Screen::Screen() { std::signal(SIGPIPE, SIG_IGN); }

void Screen::show(std::string_view text) const { write_all(text, takes_text); }

void Screen::finish(std::string_view text) const {
  write_all(text, [] { return true; });
}

}  // namespace kith::host
